package org.kvmbeans.ejb;

import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.ExitReasonStatistics;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.VcpuMXBean;

/** The metrics of a vCPU. A reason of exits gets its series when it has occurred: {@link #refresh} looks for new ones. */
final class VcpuMetrics {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Series series;
    private final Memo<Map<String, ExitReasonStatistics>> exits;
    private final Tag vm;
    private final Tag vcpu;
    private final Set<String> reasons = new HashSet<>();

    VcpuMetrics(MetricRegistry registry, ObjectName name, Duration maxAge) {
        VcpuMXBean bean = MBeans.vcpu(name);
        series = new Series(registry);
        exits = new Memo<>(bean::getExitStatistics, maxAge);
        vm = new Tag("vm", ObjectNames.property(name, "vm"));
        vcpu = new Tag("vcpu", ObjectNames.property(name, "id"));
        series.add(
                "kvmbeans_vcpu_cpu_seconds_total",
                "Host CPU time used by the vCPU's thread since the start",
                bean,
                from -> from.getCpuTimeNanos() / NANOS_PER_SECOND,
                vm,
                vcpu);
    }

    void refresh() {
        for (String reason : occurred()) {
            if (reasons.add(reason)) {
                Tag tag = new Tag("reason", reason);
                series.add(
                        "kvmbeans_vcpu_exits_total",
                        "Exits from the guest to the VMM since the start",
                        exits,
                        from -> value(from, reason, ExitReasonStatistics::count),
                        vm,
                        vcpu,
                        tag);
                series.add(
                        "kvmbeans_vcpu_exit_seconds_total",
                        "Time spent outside the guest to handle exits since the start",
                        exits,
                        from -> value(from, reason, ExitReasonStatistics::totalNanos) / NANOS_PER_SECOND,
                        vm,
                        vcpu,
                        tag);
            }
        }
    }

    private Set<String> occurred() {
        try {
            return exits.get().keySet();
        } catch (RuntimeException e) {
            return Set.of(); // the MBean is being unregistered
        }
    }

    void removeAll() {
        series.removeAll();
    }

    private static double value(
            Memo<Map<String, ExitReasonStatistics>> exits, String reason, ToLongFunction<ExitReasonStatistics> field) {
        ExitReasonStatistics statistics = exits.get().get(reason);
        return statistics == null ? 0 : field.applyAsLong(statistics);
    }
}
