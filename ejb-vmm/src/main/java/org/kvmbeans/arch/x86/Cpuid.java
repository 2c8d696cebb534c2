package org.kvmbeans.arch.x86;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.kvm.CpuidEntry;

/** What CPUID tells each vCPU: the host's CPU as far as KVM supports it, as one socket of cores with one thread each. */
public final class Cpuid {
    private final List<CpuidEntry> common;
    private final CpuTopology topology;

    /**
     * @param supported what KVM_GET_SUPPORTED_CPUID returned
     * @param vcpuCount number of vCPUs; vCPU {@code i} has APIC id {@code i}
     * @param tscDeadlineTimer whether KVM_CAP_TSC_DEADLINE_TIMER is there; KVM leaves telling the guest to us
     */
    public Cpuid(List<CpuidEntry> supported, int vcpuCount, boolean tscDeadlineTimer) {
        common = new CpuFeatures(supported, tscDeadlineTimer).entries();
        topology = new CpuTopology(common, vcpuCount);
    }

    /** The table for one vCPU, for KVM_SET_CPUID2. */
    public List<CpuidEntry> forVcpu(int id) {
        List<CpuidEntry> table = new ArrayList<>(common.size() + 6);
        for (CpuidEntry entry : common) {
            if (!topology.replaces(entry)) {
                table.add(topology.adapt(entry, id));
            }
        }
        table.addAll(topology.extendedTopology(id));
        return List.copyOf(table);
    }
}
