package org.kvmbeans.ejb;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import javax.management.JMX;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.VmState;

/** The host's metrics. */
final class HostMetrics {
    private HostMetrics() {}

    static Series register(MetricRegistry registry, ObjectName name, Duration maxAge) {
        HostMXBean host = JMX.newMXBeanProxy(MBeans.server(), name, HostMXBean.class);
        Series series = new Series(registry);
        series.add("kvmbeans_host_cpus", "Logical CPUs of the host", host, HostMXBean::getCpuCount);
        series.add(
                "kvmbeans_host_cpu_load_ratio",
                "Part of the host's CPU time in use lately, 0 to 1; negative when not known",
                host,
                HostMXBean::getCpuLoad);
        series.add("kvmbeans_host_memory_bytes", "Memory of the host", host, HostMXBean::getMemoryTotalBytes);
        series.add(
                "kvmbeans_host_memory_available_bytes",
                "Memory that new work could use without swapping",
                host,
                HostMXBean::getMemoryAvailableBytes);
        Memo<Map<VmState, Integer>> states = new Memo<>(HostMetrics::countByState, maxAge);
        for (VmState state : VmState.values()) {
            series.add(
                    "kvmbeans_vms",
                    "Virtual machines in a state",
                    states,
                    counts -> counts.get().getOrDefault(state, 0),
                    new Tag("state", state.name()));
        }
        return series;
    }

    private static Map<VmState, Integer> countByState() {
        Map<VmState, Integer> counts = new EnumMap<>(VmState.class);
        for (ObjectName vm : MBeans.names(ObjectNames.everyOfType("VirtualMachine"))) {
            try {
                counts.merge(MBeans.virtualMachine(vm).getState(), 1, Integer::sum);
            } catch (RuntimeException e) {
                if (!(Refusals.unwrapped(e) instanceof javax.management.InstanceNotFoundException)) {
                    throw e;
                }
            }
        }
        return counts;
    }
}
