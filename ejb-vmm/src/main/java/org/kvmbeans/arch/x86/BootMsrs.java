package org.kvmbeans.arch.x86;

import java.util.List;
import org.kvmbeans.kvm.Msr;

/** Model-specific registers that firmware would have set up before a kernel starts (Intel SDM volume 4, table 2-2). */
public final class BootMsrs {
    private static final int IA32_MISC_ENABLE = 0x1A0;
    /** Without it Linux on Intel takes string instructions for slow, and copies in loops. */
    private static final long FAST_STRINGS = 1;

    private static final int IA32_MTRR_DEF_TYPE = 0x2FF;
    /** Caching is on; without it Linux leaves the page attribute table alone, and has no write-combining. */
    private static final long MTRRS_ENABLED = 1 << 11;

    private static final long WRITE_BACK = 6;

    private BootMsrs() {}

    /** What every vCPU starts with, for KVM_SET_MSRS. */
    public static List<Msr> forAllVcpus() {
        return List.of(
                new Msr(IA32_MISC_ENABLE, FAST_STRINGS), new Msr(IA32_MTRR_DEF_TYPE, MTRRS_ENABLED | WRITE_BACK));
    }
}
