package org.kvmbeans.arch.x86.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.arch.x86.PcLayout;

class MemoryMapTest {
    private static final long GIB = 1L << 30;

    @Test
    void endsBelowOneMebibyteWhereThatIsAllRam() {
        assertThat(MemoryMap.forRam(1 << 20)).noneMatch(e -> e.type() == MemoryMap.RAM && e.start() >= PcLayout.EBDA);
    }

    @Test
    void fillsUpToTheHoleAndNoFurther() {
        assertThat(MemoryMap.forRam(3 * GIB))
                .contains(new MemoryMap.Entry(1 << 20, 3 * GIB - (1 << 20), MemoryMap.RAM))
                .noneMatch(e -> e.start() >= 4 * GIB);
    }

    @Test
    void putsWhatTheHoleDisplacesAbove4Gib() {
        assertThat(MemoryMap.forRam(3 * GIB + 4096)).contains(new MemoryMap.Entry(4 * GIB, 4096, MemoryMap.RAM));
        assertThat(MemoryMap.forRam(4096 * GIB)).contains(new MemoryMap.Entry(4 * GIB, 4093 * GIB, MemoryMap.RAM));
    }

    @ParameterizedTest
    @ValueSource(longs = {1 << 20, (1 << 20) + 4096, 3 * GIB - 4096, 3 * GIB, 3 * GIB + 4096, 8 * GIB, 4096 * GIB})
    void ascendsWithoutOverlapAndReservesTheTables(long ramBytes) {
        List<MemoryMap.Entry> map = MemoryMap.forRam(ramBytes);

        for (int i = 1; i < map.size(); i++) {
            MemoryMap.Entry before = map.get(i - 1);
            assertThat(before.lengthBytes()).isPositive();
            assertThat(map.get(i).start()).isGreaterThanOrEqualTo(before.start() + before.lengthBytes());
        }
        assertThat(map)
                .contains(new MemoryMap.Entry(PcLayout.ACPI_CPU_TABLE, 0x40000, MemoryMap.RESERVED))
                .contains(new MemoryMap.Entry(PcLayout.PCI_ECAM, 1 << 20, MemoryMap.RESERVED));
        assertThat(map).hasSizeLessThanOrEqualTo(7);
    }
}
