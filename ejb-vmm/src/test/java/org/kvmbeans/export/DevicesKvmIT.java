package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.kvmbeans.export.HostFixture.next;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import javax.management.JMX;
import javax.management.Notification;
import javax.management.openmbean.CompositeData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.DeviceState;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.RateLimits;
import org.kvmbeans.mbeans.RingFormat;
import org.kvmbeans.mbeans.VirtQueueMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;

/** Devices as their operators see them: MBeans that come and go, in a VM that is off and in one that runs. */
class DevicesKvmIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path folder;

    private HostFixture host;

    @BeforeEach
    void open() throws IOException {
        host = new HostFixture(folder.resolve("home"));
    }

    @AfterEach
    void close() {
        host.close();
    }

    /** A VM whose guest never looks at its devices. */
    private VirtualMachineMXBean define(String name, String moreKeys) {
        return host.define(name, BareMetalGuest.thatDoes().halt().writeTo(folder.resolve("kernel")), moreKeys);
    }

    private Path image(String name, long bytes) throws IOException {
        Path file = folder.resolve(name);
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.setLength(bytes);
        }
        return file;
    }

    private static String disk(String name, Path image) {
        return "{\"name\":\"" + name + "\",\"path\":\"" + image + "\",\"format\":\"raw\"}";
    }

    private DiskMXBean diskBean(String name) {
        return JMX.newMXBeanProxy(host.server, ObjectNames.disk("a", name), DiskMXBean.class);
    }

    private static Object told(Notification notification, String key) {
        return ((CompositeData) notification.getUserData()).get(key);
    }

    @Test
    void everyDeviceAndQueueOfADefinitionIsAnMBean() throws Exception {
        VirtualMachineMXBean vm = define(
                "a",
                ",'disks':[" + disk("vda", image("a.raw", MIB)).replace('"', '\'')
                        + "],'nics':[{'name':'eth0','backend':'user'}],'consoles':['agent'],'vsock':{'cid':7}");

        assertThat(vm.getDevices())
                .containsExactlyInAnyOrder(
                        ObjectNames.disk("a", "vda"),
                        ObjectNames.nic("a", "eth0"),
                        ObjectNames.console("a"),
                        ObjectNames.rng("a"),
                        ObjectNames.balloon("a"),
                        ObjectNames.vsock("a"));
        assertThat(vm.getDisks()).containsExactly(ObjectNames.disk("a", "vda"));
        assertThat(vm.getNics()).containsExactly(ObjectNames.nic("a", "eth0"));
        assertThat(vm.getConsolePorts()).containsExactly(ObjectNames.consolePort("a", "agent"));
        assertThat(host.server.queryNames(ObjectNames.everyOfType("VirtQueue", "a"), null))
                .containsExactlyInAnyOrder(vm.getQueues());
        for (var name : vm.getDevices()) {
            assertThat(host.server.getAttribute(name, "State")).isEqualTo("DETACHED");
        }
        vm.undefine();
        assertThat(host.server.queryNames(ObjectNames.everythingOf("a"), null)).isEmpty();
    }

    @Test
    void diskOfARunningVmHasItsSizeAndWaitsForADriver() throws Exception {
        VirtualMachineMXBean vm =
                define("a", ",'disks':[" + disk("vda", image("a.raw", MIB)).replace('"', '\'') + "]");

        vm.start();

        DiskMXBean disk = diskBean("vda");
        assertThat(disk.getState()).isEqualTo(DeviceState.INACTIVE);
        assertThat(disk.getSizeBytes()).isEqualTo(MIB);
        assertThat(disk.getFeatures()).isEqualTo("0x0");
        assertThat(disk.getUsage().readsTotal()).isZero();
        VirtQueueMXBean queue =
                JMX.newMXBeanProxy(host.server, ObjectNames.virtQueue("a", "vda", 0), VirtQueueMXBean.class);
        assertThat(queue.isEnabled()).isFalse();
        assertThat(queue.getRingFormat()).isEqualTo(RingFormat.NONE);
        vm.powerOff();
        assertThat(disk.getState()).isEqualTo(DeviceState.DETACHED);
    }

    @Test
    void addedDiskHasAnMBeanAtOnceAndIsThereAfterARestart() throws Exception {
        VirtualMachineMXBean vm = define("a", "");
        LinkedBlockingQueue<Notification> heard = host.listenTo(ObjectNames.virtualMachine("a"));

        assertThat(vm.addDisk(disk("vdb", image("b.raw", MIB)))).isEqualTo(ObjectNames.disk("a", "vdb"));

        assertThat(diskBean("vdb").getPath()).endsWith("b.raw");
        Notification added = next(heard);
        assertThat(added.getType()).isEqualTo(NotificationTypes.DEVICE_ADDED);
        assertThat(told(added, "device")).isEqualTo("vdb");
        assertThat(told(added, "kind")).isEqualTo("DISK");
        String definition = vm.getDefinition();
        assertThat(definition).contains("vdb");
        host.restart();
        assertThat(host.vm("a").getDefinition()).isEqualTo(definition);
        assertThat(host.vm("a").getDisks()).containsExactly(ObjectNames.disk("a", "vdb"));
    }

    @Test
    void diskRemovedFromAStoppedVmIsGoneAtOnceAndItsImageKept() throws Exception {
        Path image = image("a.raw", MIB);
        VirtualMachineMXBean vm = define("a", "");
        LinkedBlockingQueue<Notification> heard = host.listenTo(ObjectNames.virtualMachine("a"));
        vm.addDisk(disk("vda", image));
        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.DEVICE_ADDED);

        vm.removeDisk("vda");

        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.DEVICE_REMOVED);
        assertThat(vm.getDisks()).isEmpty();
        assertThat(host.server.queryNames(ObjectNames.everyOfType("Disk", "a"), null))
                .isEmpty();
        assertThat(vm.getDefinition()).doesNotContain("vda");
        assertThat(image).exists();
    }

    @Test
    void guestThatKeepsADiskHasItUntilItIsOff() throws Exception {
        VirtualMachineMXBean vm = define("a", "");
        vm.start();
        LinkedBlockingQueue<Notification> heard = host.listenTo(ObjectNames.virtualMachine("a"));
        vm.addDisk(disk("vda", image("a.raw", MIB)));
        assertThat(diskBean("vda").getState()).isEqualTo(DeviceState.INACTIVE);
        // Notifications of the start may come as late as this.
        awaitType(heard, NotificationTypes.DEVICE_ADDED);

        vm.removeDisk("vda");

        assertThat(diskBean("vda").getState()).isEqualTo(DeviceState.REMOVING);
        assertThat(vm.getDefinition()).doesNotContain("vda");
        vm.powerOff();
        assertThat(vm.getDisks()).isEmpty();
        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.STOPPING);
        assertThat(next(heard).getType()).isEqualTo(NotificationTypes.DEVICE_REMOVED);
    }

    @Test
    void refusedDiskChangesNothing() throws Exception {
        VirtualMachineMXBean vm = define("a", "");
        vm.addDisk(disk("vda", image("a.raw", MIB)));
        String definition = vm.getDefinition();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> vm.addDisk(disk("vda", image("b.raw", MIB))))
                .withMessageContaining("name is \"vda\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> vm.addDisk("{\"name\":\"vdb\",\"colour\":1}"))
                .withMessageContaining("colour")
                .withMessageContaining("path");
        assertThatIllegalArgumentException().isThrownBy(() -> vm.removeDisk("vdz"));

        assertThat(vm.getDefinition()).isEqualTo(definition);
        assertThat(vm.getDisks()).hasSize(1);
    }

    @Test
    void limitsHoldAtOnceAndAreKept() throws Exception {
        VirtualMachineMXBean vm = define("a", "");
        vm.addDisk(disk("vda", image("a.raw", MIB)));

        diskBean("vda").limit(MIB, 2 * MIB, 100, 0);

        assertThat(diskBean("vda").getLimits()).isEqualTo(new RateLimits(MIB, 2 * MIB, 100, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> diskBean("vda").limit(0, 1, 0, 0))
                .withMessage("burstBytes needs bytesPerSecond");
        host.restart();
        assertThat(diskBean("vda").getLimits()).isEqualTo(new RateLimits(MIB, 2 * MIB, 100, 0));
    }

    @Test
    void resizesTheDiskOfARunningVmOnly() throws Exception {
        Path image = image("a.raw", MIB);
        VirtualMachineMXBean vm = define("a", "");
        vm.addDisk(disk("vda", image));
        assertThatIllegalStateException().isThrownBy(() -> diskBean("vda").resize(2 * MIB));

        vm.start();
        diskBean("vda").resize(2 * MIB);

        assertThat(diskBean("vda").getSizeBytes()).isEqualTo(2 * MIB);
        assertThat(Files.size(image)).isEqualTo(2 * MIB);
        vm.powerOff();
    }

    @Test
    void nicHasItsLinkAndItsLimitsByDirection() throws Exception {
        VirtualMachineMXBean vm = define("a", "");
        vm.addNic("{\"name\":\"eth0\",\"backend\":\"user\",\"mac\":\"52:54:00:12:34:56\"}");
        NicMXBean nic = JMX.newMXBeanProxy(host.server, ObjectNames.nic("a", "eth0"), NicMXBean.class);

        assertThat(nic.getMacAddress()).isEqualTo("52:54:00:12:34:56");
        assertThat(nic.isLinkUp()).isTrue();
        nic.linkDown();
        assertThat(nic.isLinkUp()).isFalse();
        nic.linkUp();
        assertThat(nic.isLinkUp()).isTrue();
        nic.limitReceive(MIB, 0, 0, 0);
        nic.limitTransmit(0, 0, 50, 0);
        assertThat(nic.getReceiveLimits()).isEqualTo(new RateLimits(MIB, 0, 0, 0));
        assertThat(nic.getTransmitLimits()).isEqualTo(new RateLimits(0, 0, 50, 0));
        vm.removeNic("eth0");
        assertThat(vm.getNics()).isEmpty();
    }

    @Test
    void balloonTakesATargetWhileTheVmRuns() throws Exception {
        VirtualMachineMXBean vm = define("a", "");
        BalloonMXBean balloon = JMX.newMXBeanProxy(host.server, ObjectNames.balloon("a"), BalloonMXBean.class);
        assertThatIllegalStateException().isThrownBy(() -> balloon.changeTarget(MIB));

        vm.start();
        balloon.changeTarget(MIB);

        assertThat(balloon.getTargetBytes()).isEqualTo(MIB);
        assertThat(balloon.getActualBytes()).isZero();
        assertThat(balloon.getGuestStatistics().freeBytes()).isEqualTo(-1);
        assertThatIllegalArgumentException().isThrownBy(() -> balloon.changeTarget(-1));
        vm.powerOff();
    }

    @Test
    void vcpusComeAndGoWithTheirMBeans() throws Exception {
        VirtualMachineMXBean vm = define("a", ",'vcpus':1,'maxVcpus':4");
        assertThat(vm.getMaxVcpuCount()).isEqualTo(4);

        vm.changeVcpuCount(3);

        assertThat(vm.getVcpuCount()).isEqualTo(3);
        assertThat(host.server.queryNames(ObjectNames.everyOfType("Vcpu", "a"), null))
                .hasSize(3);
        vm.changeVcpuCount(1);
        assertThat(host.server.queryNames(ObjectNames.everyOfType("Vcpu", "a"), null))
                .containsExactly(ObjectNames.vcpu("a", 0));
        assertThatIllegalArgumentException().isThrownBy(() -> vm.changeVcpuCount(5));
        assertThatIllegalArgumentException().isThrownBy(() -> vm.changeVcpuCount(0));
    }

    /** Takes notifications up to one of a type. */
    private static void awaitType(LinkedBlockingQueue<Notification> heard, String type) throws InterruptedException {
        while (!next(heard).getType().equals(type)) {
            // An earlier one.
        }
    }
}
