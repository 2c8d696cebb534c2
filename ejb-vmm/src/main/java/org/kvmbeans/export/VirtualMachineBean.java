package org.kvmbeans.export;

import java.util.List;
import javax.management.ObjectName;
import org.kvmbeans.machine.Vcpu;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.definition.VmDefinitionWriter;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.StopReason;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;
import org.kvmbeans.mbeans.VmUsage;

/** A virtual machine of this process for its operators. */
final class VirtualMachineBean implements VirtualMachineMXBean {
    private static final long OWN_PID = ProcessHandle.current().pid();

    private final VirtualMachine vm;
    private final Runnable undefine;
    private final String definition;

    /** A bean of {@code vm}; {@code undefine} makes its host forget it. */
    VirtualMachineBean(VirtualMachine vm, Runnable undefine) {
        this.vm = vm;
        this.undefine = undefine;
        this.definition = VmDefinitionWriter.write(vm.definition());
    }

    @Override
    public String getName() {
        return vm.definition().name();
    }

    @Override
    public String getUuid() {
        return vm.definition().uuid().toString();
    }

    @Override
    public VmState getState() {
        return contractState(vm.state());
    }

    @Override
    public StopReason getStopReason() {
        return contractReason(vm.stopReason());
    }

    @Override
    public String getLastError() {
        return vm.lastError();
    }

    @Override
    public long getUptimeMillis() {
        return vm.uptimeMillis();
    }

    @Override
    public int getVcpuCount() {
        return vm.definition().vcpus();
    }

    @Override
    public long getMemoryBytes() {
        return vm.definition().memoryBytes();
    }

    @Override
    public long getMemoryResidentBytes() {
        return vm.memoryResidentBytes();
    }

    @Override
    public long getCpuTimeNanos() {
        long sum = 0;
        for (Vcpu vcpu : vm.vcpus()) {
            sum += vcpu.cpuTimeNanos();
        }
        return sum;
    }

    @Override
    public long getExitsTotal() {
        long sum = 0;
        for (Vcpu vcpu : vm.vcpus()) {
            sum += vcpu.exitsTotal();
        }
        return sum;
    }

    @Override
    public VmUsage getUsage() {
        return new VmUsage(
                getState(),
                getUptimeMillis(),
                getCpuTimeNanos(),
                getExitsTotal(),
                getMemoryBytes(),
                getMemoryResidentBytes());
    }

    @Override
    public long getPid() {
        VmState state = getState();
        return state == VmState.STOPPED || state == VmState.CRASHED ? 0 : OWN_PID;
    }

    @Override
    public boolean isAutostart() {
        return vm.definition().autostart();
    }

    @Override
    public long getResetsTotal() {
        return vm.resetsTotal();
    }

    @Override
    public int getDebugExitStatus() {
        return vm.debugExitStatus();
    }

    @Override
    public String getDefinition() {
        return definition;
    }

    @Override
    public ObjectName[] getVcpus() {
        List<Vcpu> vcpus = vm.vcpus();
        return vcpus.stream()
                .map(vcpu -> ObjectNames.vcpu(getName(), vcpu.id()))
                .toArray(ObjectName[]::new);
    }

    @Override
    public ObjectName[] getSerialPorts() {
        return new ObjectName[] {ObjectNames.serialPort(getName(), SerialPortBean.NAME)};
    }

    @Override
    public void start() {
        vm.start();
    }

    @Override
    public void pause() {
        vm.pause();
    }

    @Override
    public void resume() {
        vm.resume();
    }

    @Override
    public void shutdown() {
        vm.shutdown();
    }

    @Override
    public void reset() {
        vm.reset();
    }

    @Override
    public void powerOff() {
        vm.powerOff();
    }

    @Override
    public void undefine() {
        undefine.run();
    }

    /** The machine's state as the contract names it: by the same word. */
    static VmState contractState(org.kvmbeans.machine.VmState state) {
        return VmState.valueOf(state.name());
    }

    /** The machine's reason as the contract names it: by the same word. */
    static StopReason contractReason(org.kvmbeans.machine.StopReason reason) {
        return StopReason.valueOf(reason.name());
    }
}
