package org.kvmbeans.virtio.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.bus.pci.PciRegister;

/** Whatever a guest reads and writes, in whatever order and size, is answered. */
class HostileDriverTest {
    private static final int ACCESSES = 40_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void anyAccessIsAnswered(long seed) {
        Random random = new Random(seed);
        try (TransportFixture pci = TransportFixture.withKernel()) {
            for (int i = 0; i < ACCESSES; i++) {
                access(pci, random);
                if (random.nextInt(500) == 0) {
                    pci.writeConfig(PciRegister.BAR_0, 4, TransportFixture.WINDOW);
                    pci.writeConfig(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
                    pci.start();
                }
                if (random.nextInt(400) == 0 && !pci.device.events().isEmpty()) {
                    pci.device.context().needsReset("by chance");
                    pci.device.context().configChanged();
                }
            }
            pci.function.reset();
            assertThat(pci.status()).isEqualTo(0xFF); // not decoded
            assertThat(pci.function.status().status()).isZero();
        }
    }

    private static void access(TransportFixture pci, Random random) {
        int size = 1 << random.nextInt(4);
        long value = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(32);
        long address = switch (random.nextInt(5)) {
            case 0 -> TransportFixture.ECAM + (TransportFixture.SLOT << 15) + random.nextInt(0x100);
            case 1 -> TransportFixture.WINDOW + random.nextInt(0x40);
            case 2 -> pci.bar1() + random.nextInt(0x1000);
            default -> pci.bar0() + (random.nextInt(5) << 12) + random.nextInt(0x48);
        };
        if (address >= 0) {
            if (random.nextInt(3) == 0) {
                pci.memory.read(address, size);
            } else {
                pci.memory.write(address, size, value);
            }
        }
    }
}
