package org.kvmbeans.arch.x86;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.kvm.CpuidEntry;

/** Features all vCPUs share: what KVM supports, less what works only with help that this machine does not give. */
final class CpuFeatures {
    static final int FEATURES = 0x1;
    private static final int MONITOR_LEAF = 0x5;
    private static final int STRUCTURED_FEATURES = 0x7;
    private static final int EXTENDED_TOPOLOGY = 0xB;
    private static final int SGX_LEAF = 0x12;

    // Leaf 1, ECX.
    private static final int MONITOR = 1 << 3;
    private static final int X2APIC = 1 << 21;
    private static final int TSC_DEADLINE = 1 << 24;
    private static final int OSXSAVE = 1 << 27;
    private static final int HYPERVISOR = 1 << 31;
    // Leaf 7, subleaf 0: EBX, ECX.
    private static final int SGX = 1 << 2;
    private static final int OSPKE = 1 << 4;
    private static final int SGX_LAUNCH_CONTROL = 1 << 30;

    private final List<CpuidEntry> entries = new ArrayList<>();

    CpuFeatures(List<CpuidEntry> supported, boolean tscDeadlineTimer) {
        for (CpuidEntry entry : supported) {
            switch (entry.function()) {
                case 0 -> entries.add(withEax(entry, Math.max(entry.eax(), EXTENDED_TOPOLOGY)));
                case FEATURES -> entries.add(basic(entry, tscDeadlineTimer));
                case STRUCTURED_FEATURES -> entries.add(entry.index() == 0 ? withoutSgx(entry) : entry);
                // MWAIT exits to KVM and spins there; enclaves need pages that nobody gives.
                case MONITOR_LEAF, SGX_LEAF -> {}
                default -> entries.add(entry);
            }
        }
    }

    List<CpuidEntry> entries() {
        return List.copyOf(entries);
    }

    private static CpuidEntry basic(CpuidEntry entry, boolean tscDeadlineTimer) {
        // KVM follows CR4 with OSXSAVE by itself.
        int ecx = (entry.ecx() & ~(MONITOR | OSXSAVE | TSC_DEADLINE)) | X2APIC | HYPERVISOR;
        if (tscDeadlineTimer) {
            ecx |= TSC_DEADLINE;
        }
        return new CpuidEntry(
                entry.function(), entry.index(), entry.flags(), entry.eax(), entry.ebx(), ecx, entry.edx());
    }

    private static CpuidEntry withoutSgx(CpuidEntry entry) {
        return new CpuidEntry(
                entry.function(),
                entry.index(),
                entry.flags(),
                entry.eax(),
                entry.ebx() & ~SGX,
                entry.ecx() & ~(SGX_LAUNCH_CONTROL | OSPKE),
                entry.edx());
    }

    private static CpuidEntry withEax(CpuidEntry entry, int eax) {
        return new CpuidEntry(
                entry.function(), entry.index(), entry.flags(), eax, entry.ebx(), entry.ecx(), entry.edx());
    }
}
