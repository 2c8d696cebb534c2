package org.kvmbeans.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.kvmbeans.bus.AddressBus;

/** Functions come and go while vCPUs use the bus. */
class HotPlugRaceTest {
    private static final long WINDOW = 0xC000_0000L;
    private static final long ECAM = 0xE000_0000L;
    private static final int ROUNDS = 3_000;

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void nothingOfAnUnpluggedFunctionIsLeftOnTheBus() throws Exception {
        AddressBus memory = new AddressBus();
        PciHostBridge bridge = new PciHostBridge(new PciHostBridge.Wiring(
                memory,
                new AddressBus(),
                List.of(new PciWindow(PciWindow.Kind.MEMORY, WINDOW, 0x10_0000)),
                gsi -> high -> {}));
        memory.add("ecam", ECAM, PciHostBridge.ECAM_BYTES, bridge.ecam());
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> vcpus = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Random random = new Random(i);
            Thread vcpu = new Thread(() -> {
                while (!done.get()) {
                    long function = ECAM + (1 << 15);
                    memory.write(function + 0x10, 4, WINDOW + (random.nextInt(16) << 12));
                    memory.write(function + 4, 2, random.nextInt(3) == 0 ? 0 : PciRegister.COMMAND_MEMORY);
                    memory.read(WINDOW + (random.nextInt(16) << 12), 4);
                }
            });
            vcpu.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
            vcpu.start();
            vcpus.add(vcpu);
        }
        for (int round = 0; round < ROUNDS; round++) {
            bridge.plug(1, new TestFunction("f" + round).with(0, PciBar.Type.MEMORY_32, 0x1000, 0x5A));
            Thread.onSpinWait();
            bridge.unplug(1);
            for (int page = 0; page < 16; page++) {
                assertThat(memory.read(WINDOW + ((long) page << 12), 1)).isEqualTo(0xFF);
            }
        }
        done.set(true);
        for (Thread vcpu : vcpus) {
            vcpu.join();
        }
        assertThat(failure.get()).isNull();
    }
}
