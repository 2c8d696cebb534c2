package org.kvmbeans.arch.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.kvm.CpuidEntry;

class CpuidTest {
    private static final int INDEXED = CpuidEntry.SIGNIFICANT_INDEX;
    private static final int HYPERVISOR = 1 << 31;
    private static final int TSC_DEADLINE = 1 << 24;
    private static final int HTT = 1 << 28;

    private static List<CpuidEntry> intel() {
        List<CpuidEntry> host = new ArrayList<>();
        host.add(new CpuidEntry(0, 0, 0, 0x1F, 0x756E6547, 0x6C65746E, 0x49656E69));
        host.add(new CpuidEntry(1, 0, 0, 0x806F8, 0x07400800, 0xFFFA3203 | (1 << 3) | (1 << 27), 0x0FABFBFF));
        host.add(new CpuidEntry(4, 0, INDEXED, 0xFC004121, 0x02C0003F, 0x3F, 0));
        host.add(new CpuidEntry(4, 2, INDEXED, 0xFC01C143, 0x03C0003F, 0x7FF, 0));
        host.add(new CpuidEntry(4, 3, INDEXED, 0xFC1FC163, 0x0380003F, 0x1BFFF, 4));
        host.add(new CpuidEntry(4, 4, INDEXED, 0, 0, 0, 0));
        host.add(new CpuidEntry(5, 0, 0, 0x40, 0x40, 3, 0x11142120));
        host.add(new CpuidEntry(7, 0, INDEXED, 2, 0xF1BF07AF | (1 << 2), 0x1B415F6E | (1 << 30), 0xFFDD4432));
        host.add(new CpuidEntry(0xB, 0, INDEXED, 1, 2, 0x100, 7));
        host.add(new CpuidEntry(0x1F, 0, INDEXED, 1, 2, 0x100, 7));
        host.add(new CpuidEntry(0x12, 0, INDEXED, 0x63, 1, 0, 0x381F));
        host.add(new CpuidEntry(0x40000000, 0, 0, 0x40000001, 0x4B4D564B, 0x564B4D56, 0x4D));
        host.add(new CpuidEntry(0x40000001, 0, 0, 0x01007EFB, 0, 0, 0));
        host.add(new CpuidEntry(0x80000001, 0, 0, 0, 0, 0x121, 0x2C100800));
        host.add(new CpuidEntry(0x80000008, 0, 0, 0x3934, 0, 0x1234, 0));
        return host;
    }

    private static List<CpuidEntry> amd() {
        List<CpuidEntry> host = new ArrayList<>();
        host.add(new CpuidEntry(0, 0, 0, 0x10, 0x68747541, 0x444D4163, 0x69746E65));
        host.add(new CpuidEntry(1, 0, 0, 0xA20F10, 0x00800800, 0xF6FA3203, 0x078BFBFF));
        host.add(new CpuidEntry(4, 0, INDEXED, 0, 0, 0, 0));
        host.add(new CpuidEntry(0x80000001, 0, 0, 0xA20F10, 0, 0x00C003F3, 0x2FD3FBFF));
        host.add(new CpuidEntry(0x80000008, 0, 0, 0x3030, 0, 0x700F, 0));
        host.add(new CpuidEntry(0x8000001D, 0, INDEXED, 0x4121, 0x1C0003F, 0x3F, 0));
        host.add(new CpuidEntry(0x8000001D, 3, INDEXED, 0x3C163, 0x3C0003F, 0x7FFF, 1));
        host.add(new CpuidEntry(0x8000001E, 0, 0, 9, 0x104, 0x100, 0));
        host.add(new CpuidEntry(0x80000026, 0, INDEXED, 1, 2, 0x100, 9));
        return host;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 64, 300})
    void everyLeafThatTellsTheApicIdTellsTheVcpusIndex(int vcpuCount) {
        for (int id = 0; id < vcpuCount; id++) {
            List<CpuidEntry> table = new Cpuid(amd(), CpuTopology.ofCores(vcpuCount), true).forVcpu(id);

            assertThat(leaf(table, 1, 0).ebx() >>> 24).isEqualTo(id & 0xFF);
            assertThat(leaf(table, 0xB, 0).edx()).isEqualTo(id);
            assertThat(leaf(table, 0xB, 1).edx()).isEqualTo(id);
            assertThat(leaf(table, 0x8000001E, 0).eax()).isEqualTo(id);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,0", "2,1", "3,2", "4,2", "5,3", "64,6", "65,7", "300,9"})
    void extendedTopologyIsOneSocketOfSingleThreadedCores(int vcpuCount, int shift) {
        List<CpuidEntry> table = new Cpuid(intel(), CpuTopology.ofCores(vcpuCount), true).forVcpu(0);

        for (int function : new int[] {0xB, 0x1F}) {
            assertThat(leaf(table, function, 0)).isEqualTo(new CpuidEntry(function, 0, INDEXED, 0, 1, 0x100, 0));
            assertThat(leaf(table, function, 1))
                    .isEqualTo(new CpuidEntry(function, 1, INDEXED, shift, vcpuCount, 0x201, 0));
            assertThat(leaf(table, function, 2)).isEqualTo(new CpuidEntry(function, 2, INDEXED, 0, 0, 2, 0));
        }
    }

    @Test
    void intelCachesAreSharedBeyondTheSecondLevelOnly() {
        List<CpuidEntry> table = new Cpuid(intel(), CpuTopology.ofCores(6), true).forVcpu(0);

        assertThat(leaf(table, 4, 0).eax()).isEqualTo(0x1C000121);
        assertThat(leaf(table, 4, 2).eax()).isEqualTo(0x1C000143);
        assertThat(leaf(table, 4, 3).eax()).isEqualTo(0x1C01C163);
        assertThat(leaf(table, 4, 4).eax()).isZero();
        assertThat(leaf(table, 0x80000008, 0).ecx()).isZero();
        assertThat(leaf(table, 0x80000001, 0).ecx() & 2).isZero();
    }

    @Test
    void amdCountsCoresInItsOwnLeaves() {
        List<CpuidEntry> table = new Cpuid(amd(), CpuTopology.ofCores(6), true).forVcpu(5);

        assertThat((leaf(table, 1, 0).ebx() >>> 16) & 0xFF).isEqualTo(6);
        assertThat(leaf(table, 0x80000008, 0).ecx()).isEqualTo(0x3005);
        assertThat(leaf(table, 0x80000001, 0).ecx() & 2).isEqualTo(2);
        assertThat(leaf(table, 0x8000001D, 0).eax()).isEqualTo(0x121);
        assertThat(leaf(table, 0x8000001D, 3).eax()).isEqualTo(0x1C163);
        assertThat(leaf(table, 0x8000001E, 0)).isEqualTo(new CpuidEntry(0x8000001E, 0, 0, 5, 5, 0, 0));
        assertThat(leaf(table, 4, 0).eax()).isZero();
        assertThat(table).noneMatch(e -> e.function() == 0x80000026);
    }

    @Test
    void oneVcpuHasNoHyperthreading() {
        CpuidEntry features = leaf(new Cpuid(intel(), CpuTopology.ofCores(1), true).forVcpu(0), 1, 0);

        assertThat(features.edx() & HTT).isZero();
        assertThat((features.ebx() >>> 16) & 0xFF).isEqualTo(1);
        assertThat(leaf(new Cpuid(intel(), CpuTopology.ofCores(2), true).forVcpu(0), 1, 0)
                                .edx()
                        & HTT)
                .isNotZero();
    }

    @Test
    void topologyExtensionsGoWithTheirLeaf() {
        List<CpuidEntry> host = amd();
        host.removeIf(e -> e.function() == 0x8000001E);

        assertThat(leaf(new Cpuid(host, CpuTopology.ofCores(2), true).forVcpu(0), 0x80000001, 0)
                                .ecx()
                        & (1 << 22))
                .isZero();
        assertThat(leaf(new Cpuid(amd(), CpuTopology.ofCores(2), true).forVcpu(0), 0x80000001, 0)
                                .ecx()
                        & (1 << 22))
                .isNotZero();
    }

    @Test
    void guestsLearnOfTheHypervisorAndItsClock() {
        List<CpuidEntry> table = new Cpuid(intel(), CpuTopology.ofCores(1), true).forVcpu(0);

        assertThat(leaf(table, 1, 0).ecx() & HYPERVISOR).isNotZero();
        assertThat(leaf(table, 0x40000000, 0)).isEqualTo(leaf(intel(), 0x40000000, 0));
        assertThat(leaf(table, 0x40000001, 0)).isEqualTo(leaf(intel(), 0x40000001, 0));
    }

    @Test
    void tscDeadlineIsToldWhereKvmHasIt() {
        assertThat(leaf(new Cpuid(intel(), CpuTopology.ofCores(1), true).forVcpu(0), 1, 0)
                                .ecx()
                        & TSC_DEADLINE)
                .isNotZero();
        assertThat(leaf(new Cpuid(intel(), CpuTopology.ofCores(1), false).forVcpu(0), 1, 0)
                                .ecx()
                        & TSC_DEADLINE)
                .isZero();
    }

    @Test
    void whatNeedsHelpFromUsIsNotOffered() {
        List<CpuidEntry> table = new Cpuid(intel(), CpuTopology.ofCores(1), true).forVcpu(0);

        assertThat(leaf(table, 1, 0).ecx() & ((1 << 3) | (1 << 27))).isZero();
        assertThat(leaf(table, 7, 0).ebx() & (1 << 2)).isZero();
        assertThat(leaf(table, 7, 0).ecx() & (1 << 30)).isZero();
        assertThat(table).noneMatch(e -> e.function() == 5 || e.function() == 0x12);
    }

    @Test
    void extendedTopologyIsWithinTheLargestLeaf() {
        List<CpuidEntry> host = List.of(new CpuidEntry(0, 0, 0, 7, 0x68747541, 0x444D4163, 0x69746E65));

        assertThat(leaf(new Cpuid(host, CpuTopology.ofCores(2), true).forVcpu(1), 0, 0)
                        .eax())
                .isEqualTo(0xB);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,4,2", "2,3,2", "2,72,2"})
    void allLeavesAgreeOnTheApicIdOfEachVcpu(int sockets, int cores, int threads) {
        CpuTopology topology = new CpuTopology(sockets, cores, threads);
        Cpuid intel = new Cpuid(intel(), topology, true);
        Cpuid amd = new Cpuid(amd(), topology, true);
        for (int index = 0; index < topology.vcpuCount(); index++) {
            int apicId = topology.apicId(index);
            for (List<CpuidEntry> table : List.of(intel.forVcpu(index), amd.forVcpu(index))) {
                assertThat(leaf(table, 1, 0).ebx() >>> 24).isEqualTo(apicId & 0xFF);
                assertThat(leaf(table, 0xB, 0).edx()).isEqualTo(apicId);
                assertThat(leaf(table, 0xB, 1).edx()).isEqualTo(apicId);
            }
            assertThat(leaf(intel.forVcpu(index), 0x1F, 1).edx()).isEqualTo(apicId);
            assertThat(leaf(amd.forVcpu(index), 0x8000001E, 0).eax()).isEqualTo(apicId);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,4,2,1,3", "2,3,2,1,3", "2,72,2,1,8", "1,2,3,2,3"})
    void extendedTopologyTellsTheFieldsOfTheApicId(
            int sockets, int cores, int threads, int threadShift, int socketShift) {
        List<CpuidEntry> table = new Cpuid(intel(), new CpuTopology(sockets, cores, threads), true).forVcpu(0);

        for (int function : new int[] {0xB, 0x1F}) {
            assertThat(leaf(table, function, 0))
                    .isEqualTo(new CpuidEntry(function, 0, INDEXED, threadShift, threads, 0x100, 0));
            assertThat(leaf(table, function, 1))
                    .isEqualTo(new CpuidEntry(function, 1, INDEXED, socketShift, cores * threads, 0x201, 0));
        }
    }

    @Test
    void intelThreadsShareTheirCoresCaches() {
        List<CpuidEntry> table = new Cpuid(intel(), new CpuTopology(2, 3, 2), true).forVcpu(0);

        assertThat((leaf(table, 1, 0).ebx() >>> 16) & 0xFF).isEqualTo(8);
        for (int cache : new int[] {0, 2, 3}) {
            assertThat(leaf(table, 4, cache).eax() >>> 26).as("core ids").isEqualTo(3);
        }
        assertThat((leaf(table, 4, 0).eax() >>> 14) & 0xFFF).isEqualTo(1);
        assertThat((leaf(table, 4, 2).eax() >>> 14) & 0xFFF).isEqualTo(1);
        assertThat((leaf(table, 4, 3).eax() >>> 14) & 0xFFF).isEqualTo(7);
    }

    @Test
    void amdThreadsShareTheirCoresCachesAndEachSocketIsANode() {
        List<CpuidEntry> table = new Cpuid(amd(), new CpuTopology(2, 3, 2), true).forVcpu(11);

        assertThat((leaf(table, 1, 0).ebx() >>> 16) & 0xFF).isEqualTo(6);
        assertThat(leaf(table, 0x80000008, 0).ecx()).isEqualTo(0x3005);
        assertThat((leaf(table, 0x8000001D, 0).eax() >>> 14) & 0xFFF).isEqualTo(1);
        assertThat((leaf(table, 0x8000001D, 3).eax() >>> 14) & 0xFFF).isEqualTo(7);
        assertThat(leaf(table, 0x8000001E, 0)).isEqualTo(new CpuidEntry(0x8000001E, 0, 0, 13, 0x102, 1, 0));
    }

    @Test
    void threadsOfAnAmdCpuWithoutATopologyLeafGetOne() {
        List<CpuidEntry> host = amd();
        host.removeIf(e -> e.function() == 0x8000001E || e.function() == 0x8000001D);
        host.add(new CpuidEntry(0x80000000, 0, 0, 0x8000000A, 0, 0, 0));

        List<CpuidEntry> threaded = new Cpuid(host, new CpuTopology(1, 2, 2), true).forVcpu(3);
        assertThat(leaf(threaded, 0x8000001E, 0)).isEqualTo(new CpuidEntry(0x8000001E, 0, 0, 3, 0x101, 0, 0));
        assertThat(leaf(threaded, 0x80000000, 0).eax()).isEqualTo(0x8000001E);
        assertThat(leaf(threaded, 0x80000001, 0).ecx() & (1 << 22)).isNotZero();

        List<CpuidEntry> single = new Cpuid(host, CpuTopology.ofCores(4), true).forVcpu(3);
        assertThat(single).noneMatch(e -> e.function() == 0x8000001E);
        assertThat(leaf(single, 0x80000000, 0).eax()).isEqualTo(0x8000000A);
        assertThat(leaf(single, 0x80000001, 0).ecx() & (1 << 22)).isZero();
    }

    @Test
    void interruptMessagesReachApicIdsBeyond254WhereThereAreAny() {
        int extendedDestination = 1 << 15;

        List<CpuidEntry> large = new Cpuid(intel(), new CpuTopology(2, 72, 2), true).forVcpu(0);
        assertThat(leaf(large, 0x40000001, 0).eax()).isEqualTo(0x01007EFB | extendedDestination);
        List<CpuidEntry> small = new Cpuid(intel(), CpuTopology.ofCores(255), true).forVcpu(0);
        assertThat(leaf(small, 0x40000001, 0).eax() & extendedDestination).isZero();
    }

    private static CpuidEntry leaf(List<CpuidEntry> table, int function, int index) {
        List<CpuidEntry> found = table.stream()
                .filter(e -> e.function() == function && e.index() == index)
                .toList();
        assertThat(found).as("leaf 0x%x.%d", function, index).hasSize(1);
        return found.get(0);
    }
}
