package org.kvmbeans.arch.x86;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.kvm.CpuidEntry;

/**
 * Tells a {@link CpuTopology} by CPUID. Intel and AMD say it in different leaves (Intel SDM volume 3, 9.9; AMD APM volume 3,
 * appendix E.5); all that the host's CPU has are made to agree.
 */
final class CpuidTopology {
    private static final int CACHES = 0x4;
    private static final int EXTENDED_TOPOLOGY = 0xB;
    private static final int EXTENDED_TOPOLOGY_V2 = 0x1F;
    private static final int KVM_FEATURES = 0x4000_0001;
    private static final int LARGEST_EXTENDED_LEAF = 0x8000_0000;
    private static final int AMD_FEATURES = 0x8000_0001;
    private static final int AMD_SIZES = 0x8000_0008;
    private static final int AMD_CACHES = 0x8000_001D;
    private static final int AMD_TOPOLOGY = 0x8000_001E;
    private static final int AMD_EXTENDED_TOPOLOGY = 0x8000_0026;

    private static final int HTT = 1 << 28;
    private static final int CMP_LEGACY = 1 << 1;
    private static final int TOPOLOGY_EXTENSIONS = 1 << 22;
    /** KVM_FEATURE_MSI_EXT_DEST_ID: interrupt messages carry 15 bits of APIC id (Linux, virt/kvm/x86/cpuid.rst). */
    private static final int MSI_EXTENDED_DESTINATION = 1 << 15;
    /** "Auth" of AuthenticAMD and "Hygo" of HygonGenuine, as EBX of leaf 0 has them. */
    private static final int AUTHENTIC_AMD = 0x68747541;

    private static final int HYGON_GENUINE = 0x6F677948;

    private static final int LEVEL_THREADS = 1;
    private static final int LEVEL_CORES = 2;
    private static final int PRIVATE_CACHE_LEVELS = 2;
    private static final int MAX_CORES_LEAF_4 = 64;
    private static final int MAX_SHARING = 4096;
    private static final int MAX_LOGICAL_CPUS = 255;
    private static final int MAX_VCPUS_AMD_SIZES = 256;

    private final CpuTopology topology;
    private final boolean amd;
    private final boolean hostHasAmdTopologyLeaf;

    /** Whether it is given where the host has none: Linux looks for threads of an AMD CPU nowhere else. */
    private final boolean addsAmdTopologyLeaf;

    private final boolean hasExtendedTopologyV2;

    CpuidTopology(List<CpuidEntry> supported, CpuTopology topology) {
        this.topology = topology;
        this.amd = supported.stream()
                .anyMatch(e -> e.function() == 0 && (e.ebx() == AUTHENTIC_AMD || e.ebx() == HYGON_GENUINE));
        this.hostHasAmdTopologyLeaf = supported.stream().anyMatch(e -> e.function() == AMD_TOPOLOGY);
        this.addsAmdTopologyLeaf = amd && topology.threads() > 1 && !hostHasAmdTopologyLeaf;
        this.hasExtendedTopologyV2 = supported.stream().anyMatch(e -> e.function() == EXTENDED_TOPOLOGY_V2);
    }

    /** Whether {@link #extendedTopology} comes in this entry's place, or nothing does. */
    boolean replaces(CpuidEntry entry) {
        int leaf = entry.function();
        return leaf == EXTENDED_TOPOLOGY || leaf == EXTENDED_TOPOLOGY_V2 || leaf == AMD_EXTENDED_TOPOLOGY;
    }

    /** The entry as vCPU {@code index} is to see it. */
    CpuidEntry adapt(CpuidEntry entry, int index) {
        return switch (entry.function()) {
            case CpuFeatures.FEATURES -> features(entry, topology.apicId(index));
            case CACHES -> with(entry, intelCaches(entry.eax()));
            case KVM_FEATURES -> with(entry, kvmFeatures(entry.eax()));
            case LARGEST_EXTENDED_LEAF -> with(entry, largestExtendedLeaf(entry.eax()));
            case AMD_FEATURES -> amdFeatures(entry);
            case AMD_SIZES -> with(entry, entry.eax(), entry.ebx(), amdSizes(), entry.edx());
            case AMD_CACHES -> with(entry, caches(entry.eax()));
            case AMD_TOPOLOGY -> amdTopology(index);
            default -> entry;
        };
    }

    private CpuidEntry features(CpuidEntry entry, int apicId) {
        // AMD counts the CPUs; Intel counts the ids set aside for them.
        int count = amd ? topology.vcpusPerSocket() : 1 << topology.socketShift();
        int ebx = (entry.ebx() & 0xFFFF) | (Math.min(count, MAX_LOGICAL_CPUS) << 16) | ((apicId & 0xFF) << 24);
        int edx = topology.vcpusPerSocket() > 1 ? entry.edx() | HTT : entry.edx() & ~HTT;
        return with(entry, entry.eax(), ebx, entry.ecx(), edx);
    }

    private int intelCaches(int eax) {
        int coreIds = Math.min(1 << topology.coreBits(), MAX_CORES_LEAF_4);
        return isCache(eax) ? (caches(eax) & 0x03FF_FFFF) | ((coreIds - 1) << 26) : eax;
    }

    private static boolean isCache(int eax) {
        return (eax & 0x1F) != 0;
    }

    /** EAX of a cache: the first two levels are each core's own, what is beyond belongs to the socket. */
    private int caches(int eax) {
        if (!isCache(eax)) {
            return eax;
        }
        int level = (eax >>> 5) & 0x7;
        int idBits = level <= PRIVATE_CACHE_LEVELS ? topology.threadBits() : topology.socketShift();
        int sharing = Math.min(1 << idBits, MAX_SHARING);
        return (eax & ~(0xFFF << 14)) | ((sharing - 1) << 14);
    }

    /** Without interrupt remapping, Linux uses APIC ids beyond 255 only where it is told that messages reach them. */
    private int kvmFeatures(int eax) {
        return topology.needsX2Apic() ? eax | MSI_EXTENDED_DESTINATION : eax & ~MSI_EXTENDED_DESTINATION;
    }

    private CpuidEntry amdFeatures(CpuidEntry entry) {
        int ecx = entry.ecx() & ~CMP_LEGACY;
        if (amd && topology.vcpusPerSocket() > 1) {
            ecx |= CMP_LEGACY;
        }
        if (addsAmdTopologyLeaf) {
            ecx |= TOPOLOGY_EXTENSIONS;
        } else if (!hostHasAmdTopologyLeaf) {
            ecx &= ~TOPOLOGY_EXTENSIONS;
        }
        return with(entry, entry.eax(), entry.ebx(), ecx, entry.edx());
    }

    private int amdSizes() {
        int count = Math.min(topology.vcpusPerSocket(), MAX_VCPUS_AMD_SIZES);
        return amd ? (topology.socketShift() << 12) | (count - 1) : 0;
    }

    private int largestExtendedLeaf(int leaf) {
        return addsAmdTopologyLeaf && Integer.compareUnsigned(leaf, AMD_TOPOLOGY) < 0 ? AMD_TOPOLOGY : leaf;
    }

    /** Each socket is one node. */
    private CpuidEntry amdTopology(int index) {
        int core = ((topology.threads() - 1) << 8) | (topology.core(index) & 0xFF);
        return new CpuidEntry(AMD_TOPOLOGY, 0, 0, topology.apicId(index), core, topology.socket(index) & 0xFF, 0);
    }

    /** Leaf 0xB for all, which x2APIC brings with it, 0x1F where the host has it, and AMD's own where that is missing. */
    List<CpuidEntry> extendedTopology(int index) {
        int apicId = topology.apicId(index);
        List<CpuidEntry> entries = new ArrayList<>(levels(EXTENDED_TOPOLOGY, apicId));
        if (hasExtendedTopologyV2) {
            entries.addAll(levels(EXTENDED_TOPOLOGY_V2, apicId));
        }
        if (addsAmdTopologyLeaf) {
            entries.add(amdTopology(index));
        }
        return entries;
    }

    private List<CpuidEntry> levels(int leaf, int apicId) {
        return List.of(
                level(leaf, 0, topology.threadBits(), topology.threads(), LEVEL_THREADS, apicId),
                level(leaf, 1, topology.socketShift(), topology.vcpusPerSocket(), LEVEL_CORES, apicId),
                level(leaf, 2, 0, 0, 0, apicId));
    }

    private static CpuidEntry level(int leaf, int index, int shift, int cpus, int type, int apicId) {
        return new CpuidEntry(leaf, index, CpuidEntry.SIGNIFICANT_INDEX, shift, cpus, (type << 8) | index, apicId);
    }

    private static CpuidEntry with(CpuidEntry entry, int eax) {
        return with(entry, eax, entry.ebx(), entry.ecx(), entry.edx());
    }

    private static CpuidEntry with(CpuidEntry entry, int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(entry.function(), entry.index(), entry.flags(), eax, ebx, ecx, edx);
    }
}
