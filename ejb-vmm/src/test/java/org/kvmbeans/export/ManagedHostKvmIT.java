package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kvmbeans.export.HostFixture.await;
import static org.kvmbeans.export.HostFixture.json;
import static org.kvmbeans.export.HostFixture.next;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import javax.management.MBeanServerDelegate;
import javax.management.MBeanServerNotification;
import javax.management.Notification;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.export.jmx.DescribedMBean;
import org.kvmbeans.mbeans.KvmFlavor;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialOutput;
import org.kvmbeans.mbeans.StopReason;
import org.kvmbeans.mbeans.VcpuState;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;

/** The life of VMs through their MBeans, with bare-metal guests on the machine's KVM. */
class ManagedHostKvmIT {
    @TempDir
    Path folder;

    private HostFixture host;

    @BeforeEach
    void openHost() throws IOException {
        host = new HostFixture(folder.resolve("home"));
    }

    @AfterEach
    void closeHost() {
        host.close();
    }

    private Path kernel(String name, BareMetalGuest guest) {
        return guest.writeTo(folder.resolve(name));
    }

    private Path halting() {
        return kernel("halt", BareMetalGuest.thatDoes().print("up\n").halt());
    }

    private static void awaitState(VirtualMachineMXBean vm, VmState state) throws InterruptedException {
        await(vm.getName() + " is " + state, () -> vm.getState() == state);
    }

    @Test
    void tellsWhatTheHostOffers() {
        assertThat(host.bean().getKvmFlavor()).isNotEqualTo(KvmFlavor.NONE);
        assertThat(host.bean().getKvmApiVersion()).isEqualTo(12);
        assertThat(host.bean().getKvmUnavailableReason()).isEmpty();
        assertThat(host.bean().getMaxVcpusPerVm()).isPositive();
        assertThat(host.bean().getMemoryTotalBytes())
                .isGreaterThan(host.bean().getMemoryAvailableBytes())
                .isPositive();
        assertThat(host.bean().getCpuCount()).isPositive();
        assertThat(host.bean().getCpuLoad()).isBetween(0.0, 1.0);
        assertThat(host.bean().getVersion()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(host.bean().getHome()).isEqualTo(host.home.toString());
    }

    @Test
    void goesThroughAWholeLife() throws Exception {
        VirtualMachineMXBean vm = host.define("web01", halting(), ",'vcpus':2");
        assertThat(vm.getState()).isEqualTo(VmState.STOPPED);
        assertThat(vm.getPid()).isZero();

        vm.start();
        assertThat(vm.getState()).isEqualTo(VmState.RUNNING);
        assertThat(vm.getPid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(host.bean().getRunningVirtualMachineCount()).isEqualTo(1);
        await("the guest has printed", () -> host.serial("web01").tail(100).equals("up\n"));
        assertThat(vm.getExitsTotal()).isPositive();
        assertThat(host.vcpu("web01", 0).getThreadId()).isPositive();
        assertThat(host.vcpu("web01", 0).getExitStatistics()).isNotEmpty();

        vm.pause();
        assertThat(vm.getState()).isEqualTo(VmState.PAUSED);
        assertThat(host.vcpu("web01", 1).getState()).isEqualTo(VcpuState.PAUSED);
        vm.resume();
        vm.reset();
        assertThat(vm.getResetsTotal()).isEqualTo(1);
        vm.powerOff();
        assertThat(vm.getState()).isEqualTo(VmState.STOPPED);
        assertThat(vm.getStopReason()).isEqualTo(StopReason.OPERATOR_POWER_OFF);
        assertThat(vm.getUptimeMillis()).isZero();

        vm.undefine();
        assertThat(host.server.queryNames(ObjectNames.everythingOf("web01"), null))
                .isEmpty();
        assertThat(host.bean().getVirtualMachines()).isEmpty();
        assertThat(host.home.resolve("vms")).isEmptyDirectory();
    }

    @Test
    void notifiesOfEveryChangeInOrder() throws Exception {
        LinkedBlockingQueue<Notification> fromHost = host.listenTo(ObjectNames.host());
        VirtualMachineMXBean vm = host.define("a", halting(), "");
        LinkedBlockingQueue<Notification> fromVm = host.listenTo(ObjectNames.virtualMachine("a"));

        vm.start();
        vm.pause();
        vm.resume();
        vm.reset();
        vm.powerOff();

        long sequence = 0;
        for (String type : List.of(
                NotificationTypes.STARTING,
                NotificationTypes.STARTED,
                NotificationTypes.PAUSED,
                NotificationTypes.RESUMED,
                NotificationTypes.RESET,
                NotificationTypes.STOPPING,
                NotificationTypes.STOPPED)) {
            Notification notification = next(fromVm);
            assertThat(notification.getType()).isEqualTo(type);
            assertThat(notification.getSequenceNumber()).isGreaterThan(sequence);
            assertThat(notification.getSource()).isEqualTo(ObjectNames.virtualMachine("a"));
            CompositeData event = (CompositeData) notification.getUserData();
            assertThat(event.get("vm")).isEqualTo("a");
            if (type.equals(NotificationTypes.STOPPED)) {
                assertThat(event.getAll(new String[] {"previousState", "state", "reason"}))
                        .containsExactly("STOPPING", "STOPPED", "OPERATOR_POWER_OFF");
            }
            sequence = notification.getSequenceNumber();
        }
        vm.undefine();
        assertThat(next(fromHost).getType()).isEqualTo(NotificationTypes.DEFINED);
        assertThat(next(fromHost).getType()).isEqualTo(NotificationTypes.UNDEFINED);
    }

    @Test
    void tellsHowAGuestEnded() throws Exception {
        VirtualMachineMXBean exits =
                host.define("exits", kernel("exit", BareMetalGuest.thatDoes().debugExit(42)), ",'debugExit':true");
        VirtualMachineMXBean faults = host.define(
                "faults",
                kernel("fault", BareMetalGuest.thatDoes().print("last words").tripleFault()),
                "");

        exits.start();
        faults.start();
        awaitState(exits, VmState.STOPPED);
        awaitState(faults, VmState.CRASHED);

        assertThat(exits.getStopReason()).isEqualTo(StopReason.GUEST_DEBUG_EXIT);
        assertThat(exits.getDebugExitStatus()).isEqualTo(42);
        assertThat(faults.getStopReason()).as(faults.getLastError()).isEqualTo(StopReason.GUEST_TRIPLE_FAULT);
        assertThat(faults.getLastError()).contains("triple fault");
        assertThat(host.serial("faults").tail(100)).isEqualTo("last words");
    }

    @Test
    void talksOverTheSerialPort() throws Exception {
        VirtualMachineMXBean vm =
                host.define("echo", kernel("echo", BareMetalGuest.thatDoes().echo()), "");
        assertThatIllegalStateException()
                .isThrownBy(() -> host.serial("echo").write("x"))
                .withMessageContaining("STOPPED");

        vm.start();
        host.serial("echo").write("grüße\n");

        await("the answer is there", () -> host.serial("echo").tail(100).equals("grüße\n"));
        assertThat(host.serial("echo").tail(5)).as("no half character").isEqualTo("ße\n");
        SerialOutput output = host.serial("echo").readFrom(2, 3, 0);
        assertThat(output.startPosition()).isEqualTo(2);
        assertThat(output.endPosition()).isEqualTo(5);
        assertThat(host.serial("echo").getBytesReceived()).isEqualTo(8);
    }

    @Test
    void definitionsSurviveARestart() throws Exception {
        host.define("keeps", halting(), ",'vcpus':2,'cmdline':'a b'");
        String definition = host.vm("keeps").getDefinition();
        host.define("autostarts", halting(), ",'autostart':true");

        host.restart();

        assertThat(host.bean().getVirtualMachines())
                .containsExactly(ObjectNames.virtualMachine("autostarts"), ObjectNames.virtualMachine("keeps"));
        assertThat(host.vm("keeps").getDefinition()).isEqualTo(definition);
        assertThat(host.vm("keeps").getState()).isEqualTo(VmState.STOPPED);
        assertThat(host.vm("autostarts").getState()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void whoSeesTheHostSeesAllItsVms() throws Exception {
        host.define("keeps", halting(), "");
        LinkedBlockingQueue<Notification> heard = host.listenTo(MBeanServerDelegate.DELEGATE_NAME);

        host.restart();

        List<ObjectName> registered = heard.stream()
                .filter(notification ->
                        notification.getType().equals(MBeanServerNotification.REGISTRATION_NOTIFICATION))
                .map(notification -> ((MBeanServerNotification) notification).getMBeanName())
                .toList();
        assertThat(registered).contains(ObjectNames.virtualMachine("keeps")).endsWith(ObjectNames.host());
    }

    @Test
    void oneFailingAutostartDoesNotStopTheOthers() throws Exception {
        Path gone = halting();
        Path stays = kernel("stays", BareMetalGuest.thatDoes().halt());
        host.define("a-fails", gone, ",'autostart':true");
        host.define("b-runs", stays, ",'autostart':true");
        Files.delete(gone);

        host.restart();

        assertThat(host.vm("a-fails").getState()).isEqualTo(VmState.STOPPED);
        assertThat(host.vm("a-fails").getLastError()).contains(gone.toString());
        assertThat(host.vm("b-runs").getState()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void closingPowersEveryVmOffAndUnregistersAll() throws Exception {
        host.define("a", halting(), "").start();
        host.define("b", halting(), "");
        LinkedBlockingQueue<Notification> heard = host.listenTo(ObjectNames.virtualMachine("b"));
        host.vm("b").start();
        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.STARTING);
        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.STARTED);

        host.close();

        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.STOPPING);
        assertThat(((CompositeData) next(heard).getUserData()).get("reason")).isEqualTo("HOST_SHUTDOWN");
        assertThat(host.server.queryNames(ObjectNames.host(), null)).isEmpty();
        assertThat(host.server.queryNames(ObjectNames.everythingOf("a"), null)).isEmpty();
        assertThat(HostFixture.kvmDescriptors()).isEmpty();
        assertThat(HostFixture.vcpuThreads()).isEmpty();
    }

    @Test
    void secondHostOnTheSameHomeIsRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> new HostFixture(host.home))
                .withMessageContaining("is in use by another KVM Beans server");
        assertThat(host.bean().getVirtualMachineCount()).isZero();
    }

    @Test
    void filesAreForTheirOwnerOnly() throws Exception {
        host.define("a", halting(), "");

        assertThat(permissions(host.home)).isEqualTo("rwx------");
        assertThat(permissions(host.home.resolve("vms"))).isEqualTo("rwx------");
        assertThat(permissions(host.home.resolve("vms/a.json"))).isEqualTo("rw-------");
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void unreadableDefinitionsAreSkippedAndKept() throws Exception {
        host.define("good", halting(), "");
        Path broken = Files.writeString(host.home.resolve("vms/broken.json"), "{\"name\":");

        host.restart();

        assertThat(host.bean().getVirtualMachines()).containsExactly(ObjectNames.virtualMachine("good"));
        assertThat(broken).hasContent("{\"name\":");
        assertThatIllegalStateException()
                .isThrownBy(() -> host.define("broken", halting(), ""))
                .withMessageContaining("broken.json is there already");
        assertThat(broken).hasContent("{\"name\":");
    }

    @Test
    void oneOfManyDefinitionsOfANameWins() throws Exception {
        Path kernel = halting();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Boolean>> attempts = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                attempts.add(() -> {
                    try {
                        host.bean().defineVm(json("same", kernel, ""));
                        return true;
                    } catch (IllegalArgumentException e) {
                        return false;
                    }
                });
            }
            int won = 0;
            for (Future<Boolean> attempt : threads.invokeAll(attempts)) {
                won += attempt.get() ? 1 : 0;
            }
            assertThat(won).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
        host.vm("same").start();
    }

    @Test
    void nothingStaysWhereTheMBeansCannotBeRegistered() throws Exception {
        host.server.registerMBean(
                new DescribedMBean<>(
                        host.serial("none"),
                        org.kvmbeans.mbeans.SerialPortMXBean.class,
                        new javax.management.NotificationBroadcasterSupport()),
                ObjectNames.serialPort("a", "com1"));

        assertThatIllegalStateException().isThrownBy(() -> host.define("a", halting(), ""));

        assertThat(host.server.queryNames(ObjectNames.everythingOf("a"), null))
                .containsExactly(ObjectNames.serialPort("a", "com1"));
        assertThat(host.home.resolve("vms")).isEmptyDirectory();
        assertThat(host.bean().getVirtualMachines()).isEmpty();
        host.server.unregisterMBean(ObjectNames.serialPort("a", "com1"));
        host.define("a", halting(), "").start();
    }

    @Test
    void runningVmIsNotUndefined() throws Exception {
        VirtualMachineMXBean vm = host.define("a", halting(), "");
        vm.start();

        assertThatIllegalStateException().isThrownBy(vm::undefine).withMessageContaining("power it off first");

        assertThat(vm.getState()).isEqualTo(VmState.RUNNING);
        assertThat(host.home.resolve("vms/a.json")).exists();
    }

    @Test
    void undefinedNameIsFreeAgain() {
        VirtualMachineMXBean vm = host.define("a", halting(), "");
        vm.undefine();

        assertThatThrownBy(vm::getState).hasRootCauseInstanceOf(javax.management.InstanceNotFoundException.class);
        host.define("a", halting(), "").start();
    }
}
