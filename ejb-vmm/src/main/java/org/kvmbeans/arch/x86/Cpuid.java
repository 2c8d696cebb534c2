package org.kvmbeans.arch.x86;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.kvm.CpuidEntry;

/** What CPUID tells each vCPU: the host's CPU as far as KVM supports it, in the place that the topology gives it. */
public final class Cpuid {
    private final List<CpuidEntry> common;
    private final CpuidTopology topology;

    /**
     * @param supported what KVM_GET_SUPPORTED_CPUID returned
     * @param topology of all vCPUs that there are or can be
     * @param tscDeadlineTimer whether KVM_CAP_TSC_DEADLINE_TIMER is there; KVM leaves telling the guest to us
     */
    public Cpuid(List<CpuidEntry> supported, CpuTopology topology, boolean tscDeadlineTimer) {
        common = new CpuFeatures(supported, tscDeadlineTimer).entries();
        this.topology = new CpuidTopology(common, topology);
    }

    /**
     * The table for one vCPU, for KVM_SET_CPUID2.
     *
     * @param index of the vCPU, not its APIC id
     */
    public List<CpuidEntry> forVcpu(int index) {
        List<CpuidEntry> table = new ArrayList<>(common.size() + 6);
        for (CpuidEntry entry : common) {
            if (!topology.replaces(entry)) {
                table.add(topology.adapt(entry, index));
            }
        }
        table.addAll(topology.extendedTopology(index));
        return List.copyOf(table);
    }
}
