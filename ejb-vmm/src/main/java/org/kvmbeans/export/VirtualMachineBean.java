package org.kvmbeans.export;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.Vcpu;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.definition.NicDefinition;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.definition.VmDefinitionReader;
import org.kvmbeans.machine.definition.VmDefinitionWriter;
import org.kvmbeans.machine.device.DeviceKind;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.CpuTopology;
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
    private final Consumer<DiskDefinition> addDisk;
    private volatile Written written;

    /** A definition and its text: written once, though it is read every second. */
    private record Written(VmDefinition definition, String json) {
        static Written of(VmDefinition definition) {
            return new Written(definition, VmDefinitionWriter.write(definition));
        }
    }

    /** A bean of {@code vm}; {@code undefine} makes its host forget it, {@code addDisk} has its host look at a disk and add it. */
    VirtualMachineBean(VirtualMachine vm, Runnable undefine, Consumer<DiskDefinition> addDisk) {
        this.vm = vm;
        this.undefine = undefine;
        this.addDisk = addDisk;
        this.written = Written.of(vm.definition());
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
        return vm.vcpus().size();
    }

    @Override
    public int getMaxVcpuCount() {
        return vm.definition().processors().maxVcpus();
    }

    @Override
    public CpuTopology getTopology() {
        org.kvmbeans.arch.x86.CpuTopology topology =
                vm.definition().processors().topology();
        return new CpuTopology(topology.sockets(), topology.cores(), topology.threads());
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
        Written current = written;
        VmDefinition definition = vm.definition();
        if (!current.definition().equals(definition)) {
            current = Written.of(definition);
            written = current;
        }
        return current.json();
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
    public ObjectName[] getDisks() {
        return names(device -> device.kind() == DeviceKind.DISK);
    }

    @Override
    public ObjectName[] getNics() {
        return names(device -> device.kind() == DeviceKind.NIC);
    }

    @Override
    public ObjectName[] getConsolePorts() {
        return vm.definition().devices().consoles().stream()
                .map(port -> ObjectNames.consolePort(getName(), port))
                .toArray(ObjectName[]::new);
    }

    @Override
    public ObjectName[] getDevices() {
        return names(device -> true);
    }

    @Override
    public ObjectName[] getQueues() {
        List<ObjectName> names = new ArrayList<>();
        for (VmDevice device : vm.devices()) {
            device.queues().forEach(queue -> names.add(ObjectNames.virtQueue(getName(), device.name(), queue.id())));
        }
        return names.toArray(ObjectName[]::new);
    }

    private ObjectName[] names(Predicate<VmDevice> wanted) {
        return vm.devices().stream()
                .filter(wanted)
                .map(device -> DeviceBeans.nameOf(getName(), device))
                .toArray(ObjectName[]::new);
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

    @Override
    public ObjectName addDisk(@Nullable String json) {
        DiskDefinition disk = VmDefinitionReader.readDisk(given(json, "the disk as one JSON object"));
        addDisk.accept(disk);
        return ObjectNames.disk(getName(), disk.name());
    }

    @Override
    public void removeDisk(@Nullable String name) {
        vm.removeDisk(given(name, "the name of a disk"));
    }

    @Override
    public ObjectName addNic(@Nullable String json) {
        NicDefinition nic = VmDefinitionReader.readNic(given(json, "the network interface as one JSON object"));
        vm.addNic(nic);
        return ObjectNames.nic(getName(), nic.name());
    }

    @Override
    public void removeNic(@Nullable String name) {
        vm.removeNic(given(name, "the name of a network interface"));
    }

    @Override
    public void changeVcpuCount(int count) {
        vm.changeVcpuCount(count);
    }

    private static String given(@Nullable String argument, String right) {
        if (argument == null) {
            throw new IllegalArgumentException("the argument is null; give " + right);
        }
        return argument;
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
