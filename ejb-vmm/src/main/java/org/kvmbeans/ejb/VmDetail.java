package org.kvmbeans.ejb;

import java.util.List;
import java.util.Map;
import org.kvmbeans.mbeans.ExitReasonStatistics;
import org.kvmbeans.mbeans.VcpuState;

/**
 * One virtual machine with its parts.
 *
 * @param summary what the list shows of it
 * @param pid process that runs it; 0 when stopped
 * @param resetsTotal resets since the start
 * @param debugExitStatus value last written to the isa-debug-exit device; -1 when none was
 * @param definition the definition as JSON
 * @param vcpus its vCPUs, by id
 * @param serialPorts its serial ports, by name
 * @param maxVcpuCount the most vCPUs that can be plugged in
 * @param devices its virtio devices
 */
public record VmDetail(
        VmSummary summary,
        long pid,
        long resetsTotal,
        int debugExitStatus,
        String definition,
        List<Vcpu> vcpus,
        List<SerialPort> serialPorts,
        int maxVcpuCount,
        VmDevices devices) {

    /** A vCPU; times are nanoseconds since the start, {@code exits} has the reasons that occurred. */
    public record Vcpu(
            int id,
            VcpuState state,
            long threadId,
            long cpuTimeNanos,
            long exitsTotal,
            long exitNanosTotal,
            Map<String, ExitReasonStatistics> exits) {}

    /** A serial port; directions are the guest's. */
    public record SerialPort(
            String name, long bytesReceived, long bytesTransmitted, int inputPendingBytes, int inputCapacityBytes) {}
}
