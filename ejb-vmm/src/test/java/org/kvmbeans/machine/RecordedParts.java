package org.kvmbeans.machine;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.kvmbeans.machine.device.VmDevice;

/** Writes down which parts of a machine came and went. */
final class RecordedParts implements MachineListener {
    private final List<String> events = new CopyOnWriteArrayList<>();

    /** What has happened so far, such as {@code +vdb}, {@code -vcpu3} and {@code !vda} for a failure. */
    List<String> events() {
        return List.copyOf(events);
    }

    @Override
    public void deviceAdded(VmDevice device) {
        events.add("+" + device.name());
    }

    @Override
    public void deviceRemoved(VmDevice device) {
        events.add("-" + device.name());
    }

    @Override
    public void deviceFailed(VmDevice device) {
        events.add("!" + device.name());
    }

    @Override
    public void vcpuAdded(Vcpu vcpu) {
        events.add("+vcpu" + vcpu.id());
    }

    @Override
    public void vcpuRemoved(Vcpu vcpu) {
        events.add("-vcpu" + vcpu.id());
    }
}
