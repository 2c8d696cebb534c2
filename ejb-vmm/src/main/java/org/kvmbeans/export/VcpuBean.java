package org.kvmbeans.export;

import java.util.Map;
import java.util.TreeMap;
import org.kvmbeans.kvm.ExitTotals;
import org.kvmbeans.machine.Vcpu;
import org.kvmbeans.mbeans.ExitReasonStatistics;
import org.kvmbeans.mbeans.VcpuMXBean;
import org.kvmbeans.mbeans.VcpuState;

/** A vCPU for its operators. */
final class VcpuBean implements VcpuMXBean {
    private final Vcpu vcpu;

    VcpuBean(Vcpu vcpu) {
        this.vcpu = vcpu;
    }

    @Override
    public int getId() {
        return vcpu.id();
    }

    @Override
    public VcpuState getState() {
        return VcpuState.valueOf(vcpu.state().name());
    }

    @Override
    public long getThreadId() {
        return vcpu.threadId();
    }

    @Override
    public long getCpuTimeNanos() {
        return vcpu.cpuTimeNanos();
    }

    @Override
    public long getExitsTotal() {
        return vcpu.exitsTotal();
    }

    @Override
    public long getExitNanosTotal() {
        return vcpu.exitNanosTotal();
    }

    @Override
    public Map<String, ExitReasonStatistics> getExitStatistics() {
        Map<String, ExitReasonStatistics> statistics = new TreeMap<>();
        vcpu.exitTotals().forEach((reason, totals) -> statistics.put(reason, statistics(totals)));
        return statistics;
    }

    private static ExitReasonStatistics statistics(ExitTotals totals) {
        return new ExitReasonStatistics(totals.count(), totals.totalNanos(), totals.maxNanos());
    }
}
