package org.kvmbeans.ejb;

import java.time.Duration;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;
import org.kvmbeans.mbeans.VmUsage;

/** The metrics of a virtual machine and of its serial ports. */
final class VmMetrics {
    private static final double MILLIS_PER_SECOND = 1e3;

    private VmMetrics() {}

    static Series registerVm(MetricRegistry registry, ObjectName name, Duration maxAge) {
        VirtualMachineMXBean vm = MBeans.virtualMachine(name);
        Memo<VmUsage> usage = new Memo<>(vm::getUsage, maxAge);
        Tag tag = new Tag("vm", ObjectNames.property(name, "vm"));
        Series series = new Series(registry);
        for (VmState state : VmState.values()) {
            series.add(
                    "kvmbeans_vm_state",
                    "1 for the state that the virtual machine is in, 0 for the others",
                    usage,
                    now -> now.get().state() == state ? 1 : 0,
                    tag,
                    new Tag("state", state.name()));
        }
        series.add(
                "kvmbeans_vm_uptime_seconds",
                "Time since the start; 0 when stopped",
                usage,
                now -> now.get().uptimeMillis() / MILLIS_PER_SECOND,
                tag);
        series.add(
                "kvmbeans_vm_memory_bytes",
                "Memory that the guest sees",
                usage,
                now -> now.get().memoryBytes(),
                tag);
        series.add(
                "kvmbeans_vm_memory_resident_bytes",
                "Guest memory that the host has backed with pages",
                usage,
                now -> now.get().memoryResidentBytes(),
                tag);
        series.add("kvmbeans_vm_vcpus", "vCPUs of the definition", vm, VirtualMachineMXBean::getVcpuCount, tag);
        series.add(
                "kvmbeans_vm_resets_total",
                "Times the machine was reset since the start",
                vm,
                VirtualMachineMXBean::getResetsTotal,
                tag);
        return series;
    }

    static Series registerSerialPort(MetricRegistry registry, ObjectName name) {
        SerialPortMXBean port = MBeans.serialPort(name);
        Tag[] tags = Series.deviceTags(name, "name");
        Series series = new Series(registry);
        series.add(
                "kvmbeans_serial_received_bytes_total",
                "Bytes that the guest has received",
                port,
                SerialPortMXBean::getBytesReceived,
                tags);
        series.add(
                "kvmbeans_serial_transmitted_bytes_total",
                "Bytes that the guest has transmitted",
                port,
                SerialPortMXBean::getBytesTransmitted,
                tags);
        return series;
    }
}
