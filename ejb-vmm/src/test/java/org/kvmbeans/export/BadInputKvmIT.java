package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.kvmbeans.export.HostFixture.json;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.StopReason;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;

/** What a host is told and refuses: the error names the input and what would be right, and nothing is half-made. */
@SuppressWarnings("NullAway") // clients may send null
class BadInputKvmIT {
    private static final int ELF_MACHINE_OFFSET = 18;
    private static final int ELF_MACHINE_ARM = 40;

    @TempDir
    Path folder;

    private HostFixture host;
    private Path kernel = Path.of("/");

    @BeforeEach
    void openHost() throws IOException {
        host = new HostFixture(folder.resolve("home"));
        kernel = BareMetalGuest.thatDoes().halt().writeTo(folder.resolve("kernel"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
        assertThat(HostFixture.kvmDescriptors()).isEmpty();
        assertThat(HostFixture.vcpuThreads()).isEmpty();
    }

    private void refusesDefinition(String json, String... saying) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().defineVm(json.replace('\'', '"')))
                .withMessageContainingAll(saying);
        assertThat(host.bean().getVirtualMachineCount()).isZero();
        assertThat(host.home.resolve("vms")).isEmptyDirectory();
    }

    private void refusesStart(Path image, String moreKeys, String... saying) throws IOException {
        VirtualMachineMXBean vm = host.define("bad", image, moreKeys);

        assertThatThrownBy(vm::start).hasMessageContainingAll(saying).satisfies(BadInputKvmIT::isOfTheJdk);

        assertThat(vm.getState()).isEqualTo(VmState.STOPPED);
        assertThat(vm.getStopReason()).isEqualTo(StopReason.START_FAILED);
        assertThat(vm.getLastError()).contains(saying);
        assertThat(HostFixture.kvmDescriptors()).isEmpty();
        assertThat(HostFixture.vcpuThreads()).isEmpty();
        vm.undefine();
    }

    private static void isOfTheJdk(Throwable thrown) {
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            assertThat(at.getClass().getName()).startsWith("java");
        }
    }

    @Test
    void unknownKey() {
        refusesDefinition(json("a", kernel, ",'memroy':'1MiB'"), "\"memroy\" is unknown", "did you mean \"memory\"?");
    }

    @Test
    void illTypedKey() {
        refusesDefinition(json("a", kernel, ",'autostart':'no'"), "autostart is \"no\"", "give true or false");
    }

    @Test
    void noDefinitionAtAll() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().defineVm(null))
                .withMessageContaining("json is null");
        refusesDefinition("", "it is nothing; give one JSON object");
        refusesDefinition("<vm/>", "it is not JSON at line 1, column");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1_000_000})
    void impossibleVcpus(int vcpus) {
        refusesDefinition(
                json("a", kernel, ",'vcpus':" + vcpus), "vcpus is " + vcpus, "give a whole number from 1 to ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1048577", "'2000001B'", "'5TiB'", "'9000000TiB'", "-4096"})
    void impossibleMemory(String memory) {
        refusesDefinition(
                "{'name':'a','memory':" + memory + ",'kernel':'" + kernel + "'}",
                "memory is " + memory.replace('\'', '"'));
    }

    @Test
    void missingKernel() {
        refusesDefinition(json("a", folder.resolve("none"), ""), "kernel is ", "none", "there is no such file");
    }

    @Test
    void directoryAsKernel() {
        refusesDefinition(json("a", folder, ""), "kernel is ", "that is a directory; give the file in it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a,b", "*", "a*", "a/b", "..", "../a", ".", "", "a=b", "a\\nb", "?"})
    void impossibleName(String name) {
        refusesDefinition(json(name, kernel, ""), "name is ", "give 1 to 64 of the characters");
    }

    @Test
    void duplicateName() {
        host.define("a", kernel, "");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().defineVm(json("a", kernel, "")))
                .withMessageContainingAll("name is \"a\"", "choose another name, or undefine that VM");
        assertThat(host.bean().getVirtualMachineCount()).isEqualTo(1);
    }

    @Test
    void commandLineBeyondTheBootProtocol() {
        refusesDefinition(json("a", kernel, ",'cmdline':'" + "x".repeat(2048) + "'"), "at most 2047 characters");
    }

    @Test
    void kernelThatVanishedSinceItsDefinition() throws IOException {
        VirtualMachineMXBean vm = host.define("a", kernel, "");
        Files.delete(kernel);

        assertThatThrownBy(vm::start).hasMessageContainingAll(kernel.toString(), "no such file");
        assertThat(vm.getLastError()).contains(kernel.toString());
    }

    @Test
    void textAsKernel() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "#!/bin/sh\n");
        refusesStart(text, "", text.toString());
    }

    @Test
    void truncatedKernel() throws IOException {
        Path truncated = folder.resolve("truncated");
        Files.copy(kernel, truncated);
        try (RandomAccessFile file = new RandomAccessFile(truncated.toFile(), "rw")) {
            file.setLength(20);
        }
        refusesStart(truncated, "", truncated.toString());
    }

    @Test
    void kernelForArm() throws IOException {
        byte[] elf = new byte[4096];
        elf[0] = 0x7F;
        elf[1] = 'E';
        elf[2] = 'L';
        elf[3] = 'F';
        elf[4] = 1;
        elf[5] = 1;
        elf[16] = 2;
        elf[ELF_MACHINE_OFFSET] = ELF_MACHINE_ARM;
        Path arm = Files.write(folder.resolve("arm"), elf);
        refusesStart(arm, "", arm.toString(), "ARM", "give a kernel for x86-64");
    }

    @Test
    void initrdLargerThanMemory() throws IOException {
        Path initrd = folder.resolve("initrd");
        try (RandomAccessFile file = new RandomAccessFile(initrd.toFile(), "rw")) {
            file.setLength(64 << 20);
        }
        refusesStart(kernel, ",'initrd':'" + initrd + "'", initrd.toString());
    }

    @Test
    void operationsThatDoNotFitTheState() {
        VirtualMachineMXBean vm = host.define("a", kernel, "");

        for (Runnable operation : List.<Runnable>of(vm::pause, vm::resume, vm::shutdown, vm::reset, vm::powerOff)) {
            assertThatIllegalStateException().isThrownBy(operation::run).withMessageContaining("VM a is STOPPED");
        }
        vm.start();
        for (Runnable operation : List.<Runnable>of(vm::start, vm::resume, vm::undefine)) {
            assertThatIllegalStateException().isThrownBy(operation::run).withMessageContaining("VM a is RUNNING");
        }
        vm.pause();
        assertThatIllegalStateException().isThrownBy(vm::pause).withMessageContaining("VM a is PAUSED");
    }

    @Test
    void operationsAtOnce() throws Exception {
        VirtualMachineMXBean vm = host.define("a", kernel, "");
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        List<Throwable> refused = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                Throwable thrown = catchThrowable(() -> {
                    go.await();
                    vm.start();
                    done.incrementAndGet();
                });
                synchronized (refused) {
                    refused.add(thrown);
                }
            });
            thread.start();
            threads.add(thread);
        }
        go.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(done).hasValue(1);
        refused.removeIf(thrown -> thrown == null);
        assertThat(refused)
                .hasSize(7)
                .allSatisfy(thrown -> assertThat(thrown)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageStartingWith("VM a is "));
        assertThat(vm.getState()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void serialRequestsOutOfRange() {
        host.define("a", kernel, "").start();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.serial("a").tail(0))
                .withMessageContaining("bytes is 0; give 1 to 1048576");
        assertThatIllegalArgumentException().isThrownBy(() -> host.serial("a").readFrom(0, 1, 30_001));
        assertThatIllegalArgumentException().isThrownBy(() -> host.serial("a").readFrom(1, 1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> host.serial("a").write(null));
        assertThatIllegalArgumentException().isThrownBy(() -> host.serial("a").write("x".repeat(70_000)));
        host.serial("a").write("x".repeat(60_000));
        assertThatIllegalStateException().isThrownBy(() -> host.serial("a").write("x".repeat(10_000)));
    }

    @Test
    void undefinedVm() {
        VirtualMachineMXBean vm = host.define("a", kernel, "");
        vm.undefine();

        assertThatThrownBy(vm::start).hasRootCauseInstanceOf(javax.management.InstanceNotFoundException.class);
        assertThat(host.server.isRegistered(ObjectNames.virtualMachine("a"))).isFalse();
    }
}
