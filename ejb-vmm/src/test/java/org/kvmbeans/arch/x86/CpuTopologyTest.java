package org.kvmbeans.arch.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuTopologyTest {
    @Test
    void singleThreadedCoresOfOneSocketHaveTheirIndexAsApicId() {
        CpuTopology topology = CpuTopology.ofCores(300);

        assertThat(topology.vcpuCount()).isEqualTo(300);
        assertThat(IntStream.range(0, 300).map(topology::apicId))
                .containsExactly(IntStream.range(0, 300).boxed().toArray(Integer[]::new));
    }

    @Test
    void sizesThatAreNoPowersOfTwoLeaveGaps() {
        CpuTopology topology = new CpuTopology(2, 3, 2);

        assertThat(IntStream.range(0, 12).map(topology::apicId))
                .containsExactly(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,0", "1,4,2,7", "2,3,2,13", "2,72,2,399", "2,128,1,255", "1,255,1,254", "8,64,2,1023"})
    void theLargestApicIdIsTheLastVcpus(int sockets, int cores, int threads, int largest) {
        CpuTopology topology = new CpuTopology(sockets, cores, threads);

        assertThat(topology.maxApicId()).isEqualTo(largest);
        assertThat(topology.needsX2Apic()).isEqualTo(largest > 254);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,4,2", "3,5,3", "2,72,2", "7,1,1"})
    void anApicIdTellsSocketCoreAndThread(int sockets, int cores, int threads) {
        CpuTopology topology = new CpuTopology(sockets, cores, threads);
        Set<Integer> ids = new HashSet<>();
        for (int index = 0; index < topology.vcpuCount(); index++) {
            int id = topology.apicId(index);
            assertThat(ids.add(id)).isTrue();
            assertThat(id).isGreaterThanOrEqualTo(index);
            int thread = id & ((1 << topology.threadBits()) - 1);
            int core = (id >> topology.threadBits()) & ((1 << topology.coreBits()) - 1);
            assertThat(((id >> topology.socketShift()) * cores + core) * threads + thread)
                    .isEqualTo(index);
            assertThat(topology.socket(index)).isEqualTo(id >> topology.socketShift());
            assertThat(topology.core(index)).isEqualTo(core);
        }
    }

    @Test
    void refusesShapesThatNoMachineHas() {
        assertThatThrownBy(() -> new CpuTopology(0, 1, 1)).hasMessageContaining("0 sockets");
        assertThatThrownBy(() -> new CpuTopology(1, -1, 1)).hasMessageContaining("-1 cores");
        assertThatThrownBy(() -> new CpuTopology(1 << 16, 1 << 16, 2)).hasMessageContaining("at most 4096");
        assertThatThrownBy(() -> new CpuTopology(1, 4097, 1)).hasMessageContaining("at most 4096");
        assertThatThrownBy(() -> CpuTopology.ofCores(2).apicId(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> CpuTopology.ofCores(2).apicId(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void aConfigurationHasVcpu0AndNoneTheTopologyLacks() {
        PcConfiguration configuration = PcConfiguration.of(new CpuTopology(1, 2, 2));

        assertThat(configuration.presentVcpus()).containsExactlyInAnyOrder(0, 1, 2, 3);
        assertThat(configuration.withPresentVcpus(2).presentVcpus()).containsExactlyInAnyOrder(0, 1);
        assertThatThrownBy(() -> configuration.withPresentVcpus(Set.of(1, 2))).hasMessageContaining("0 must be among");
        assertThatThrownBy(() -> configuration.withPresentVcpus(5)).hasMessageContaining("below 4");
    }

    @Test
    void theWindowOf64BitBarsLiesAbove4Gib() {
        PcConfiguration configuration = PcConfiguration.of(CpuTopology.ofCores(1));

        assertThatThrownBy(() -> configuration.withPciWindow64(new PciWindow(1L << 31, 4096)))
                .hasMessageContaining("above 4 GiB");
        assertThatThrownBy(() -> new PciWindow(1L << 32, 100)).hasMessageContaining("multiples of 4 KiB");
        assertThatThrownBy(() -> new PciWindow(4096, Long.MAX_VALUE - 4095)).hasMessageContaining("0x1000");
    }
}
