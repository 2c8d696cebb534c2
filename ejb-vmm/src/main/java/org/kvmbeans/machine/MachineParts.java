package org.kvmbeans.machine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.definition.DeviceDefinitions;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.definition.NicDefinition;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.device.DeviceKind;
import org.kvmbeans.machine.device.VmBalloon;
import org.kvmbeans.machine.device.VmConsole;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.machine.device.VmDisk;
import org.kvmbeans.machine.device.VmNic;
import org.kvmbeans.machine.device.VmRng;
import org.kvmbeans.machine.device.VmVsock;

/**
 * What a machine is made of now: its definition, the devices and vCPUs that follow from it, and those that its guest has
 * still to give back.
 *
 * <p>Readings may be made from any thread. Changes are made under the lock of the {@link VirtualMachine}: first the guest's
 * board, where there is one, then the definition is kept, and where that fails the board is put back.
 */
final class MachineParts {
    private final List<Vcpu> monitors;
    private final List<VmDevice> devices = new CopyOnWriteArrayList<>();
    private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
    private final Consumer<VmDefinition> keeper;
    private volatile VmDefinition definition;
    private volatile List<Vcpu> present;
    /** Those that the guest was asked to give back. */
    private final Set<Vcpu> leaving = new HashSet<>();

    /** @param keeper keeps a changed definition for good, or throws */
    MachineParts(VmDefinition definition, Consumer<VmDefinition> keeper) {
        this.definition = definition;
        this.keeper = keeper;
        monitors = IntStream.range(0, definition.processors().maxVcpus())
                .mapToObj(Vcpu::new)
                .toList();
        present = monitors.subList(0, definition.vcpus());
        DeviceDefinitions wanted = definition.devices();
        wanted.disks().forEach(disk -> join(new VmDisk(disk)));
        wanted.nics().forEach(nic -> join(new VmNic(nic)));
        if (!wanted.consoles().isEmpty()) {
            join(new VmConsole(wanted.consoles()));
        }
        if (wanted.rng()) {
            join(new VmRng());
        }
        if (wanted.balloon()) {
            join(new VmBalloon(definition.memoryBytes()));
        }
        if (wanted.vsockCid() != 0) {
            join(new VmVsock(wanted.vsockCid()));
        }
    }

    VmDefinition definition() {
        return definition;
    }

    List<VmDevice> devices() {
        return devices;
    }

    /**
     * The device of a name and kind.
     *
     * @param what the kind, for the refusal
     * @throws IllegalArgumentException where there is none
     */
    <T extends VmDevice> T device(String name, Class<T> type, String what) {
        for (VmDevice device : devices) {
            if (device.name().equals(name) && type.isInstance(device)) {
                return type.cast(device);
            }
        }
        throw new IllegalArgumentException(
                "VM " + definition.name() + " has no " + what + " named \"" + name + "\"; see its definition");
    }

    /** The vCPUs that are plugged in. */
    List<Vcpu> vcpus() {
        return present;
    }

    /** All vCPUs that there can be, by index. */
    List<Vcpu> monitors() {
        return monitors;
    }

    void addListener(MachineListener listener) {
        listeners.add(listener);
    }

    // --- devices ----------------------------------------------------------------------------------------------

    void addDisk(DiskDefinition disk, @Nullable Board board) {
        requireFree(disk.name());
        add(new VmDisk(disk), board, current -> current.with(disk));
    }

    void addNic(NicDefinition nic, @Nullable Board board) {
        requireFree(nic.name());
        add(new VmNic(nic), board, current -> current.with(nic));
    }

    private void requireFree(String name) {
        if (devices.stream().anyMatch(device -> device.name().equals(name))) {
            throw new IllegalArgumentException("name is \"" + name + "\": VM " + definition.name()
                    + " has a device of that name; choose another name, or remove that device");
        }
        if (devices.size() >= VmDefinition.MAX_DEVICES) {
            throw new IllegalStateException("VM " + definition.name() + " has " + VmDefinition.MAX_DEVICES
                    + " devices, all that its PCI bus has room for; remove one");
        }
    }

    private void add(VmDevice device, @Nullable Board board, UnaryOperator<DeviceDefinitions> change) {
        VmDefinition changed = definition.withDevices(change.apply(definition.devices()));
        if (board != null) {
            board.plug(device);
        }
        try {
            keep(changed);
        } catch (RuntimeException e) {
            if (board != null) {
                board.unplug(device);
            }
            throw e;
        }
        join(device);
        listeners.forEach(listener -> listener.deviceAdded(device));
    }

    private void join(VmDevice device) {
        device.onError(failed -> listeners.forEach(listener -> listener.deviceFailed(failed)));
        devices.add(device);
    }

    /** Removes a disk or NIC from the definition; with a board, the device goes when its guest has given it back. */
    void remove(VmDevice device, @Nullable Board board) {
        keep(definition.withDevices(definition.devices().without(device.name())));
        if (board == null) {
            leave(device);
        } else {
            device.removing();
            board.requestUnplug(device);
        }
    }

    /** The guest has given a device back. */
    void ejected(VmDevice device, Board board) {
        board.unplug(device);
        // One that nobody asked for stays in the definition, and is there again at the next start.
        if (canBeRemoved(device) && !isDefined(device)) {
            leave(device);
        }
    }

    private static boolean canBeRemoved(VmDevice device) {
        return device.kind() == DeviceKind.DISK || device.kind() == DeviceKind.NIC;
    }

    private boolean isDefined(VmDevice device) {
        DeviceDefinitions wanted = definition.devices();
        return wanted.disks().stream().anyMatch(disk -> disk.name().equals(device.name()))
                || wanted.nics().stream().anyMatch(nic -> nic.name().equals(device.name()));
    }

    private void leave(VmDevice device) {
        if (devices.remove(device)) {
            listeners.forEach(listener -> listener.deviceRemoved(device));
        }
    }

    /** Replaces the definitions of devices, which their monitors follow already. */
    void changeDevices(UnaryOperator<DeviceDefinitions> change) {
        keep(definition.withDevices(change.apply(definition.devices())));
    }

    // --- vCPUs ------------------------------------------------------------------------------------------------

    /** Changes how many vCPUs there are; with a board, those to be removed go when its guest has given them back. */
    void changeVcpuCount(int count, @Nullable Board board) {
        int most = definition.processors().maxVcpus();
        if (count < 1 || count > most) {
            throw new IllegalArgumentException("count is " + count + ": VM " + definition.name() + " can have 1 to "
                    + most + "; more need a definition with a larger maxVcpus");
        }
        keep(definition.withVcpus(count));
        if (board == null) {
            settleVcpus();
            return;
        }
        for (Vcpu vcpu : monitors) {
            boolean wanted = vcpu.id() < count;
            if (wanted && !present.contains(vcpu)) {
                try {
                    plug(vcpu, board);
                } catch (RuntimeException e) {
                    // The host gave those before and no more.
                    keep(definition.withVcpus(vcpu.id()));
                    throw e;
                }
            } else if (!wanted && present.contains(vcpu)) {
                leaving.add(vcpu);
                board.requestVcpuRemoval(vcpu);
            }
        }
    }

    private void plug(Vcpu vcpu, Board board) {
        vcpu.startCounting();
        board.plugVcpu(vcpu);
        appear(vcpu);
    }

    /** The guest has given a vCPU back. */
    void ejectedVcpu(int index, Board board) {
        Vcpu vcpu = monitors.get(index);
        if (present.contains(vcpu)) {
            board.unplugVcpu(vcpu);
            disappear(vcpu);
            // A request to give a vCPU back cannot be taken back: one that is wanted again by now has to go and come.
            if (leaving.remove(vcpu) && index < definition.vcpus()) {
                plug(vcpu, board);
            }
        }
    }

    private void appear(Vcpu vcpu) {
        List<Vcpu> more = new ArrayList<>(present);
        more.add(vcpu);
        more.sort((a, b) -> Integer.compare(a.id(), b.id()));
        present = List.copyOf(more);
        listeners.forEach(listener -> listener.vcpuAdded(vcpu));
    }

    private void disappear(Vcpu vcpu) {
        present = present.stream().filter(other -> other != vcpu).toList();
        listeners.forEach(listener -> listener.vcpuRemoved(vcpu));
    }

    /** The machine is off: what its guest had still to give back is gone, and what it gave back unasked is there again. */
    void settle() {
        for (VmDevice device : devices) {
            if (canBeRemoved(device) && !isDefined(device)) {
                leave(device);
            }
        }
        settleVcpus();
    }

    private void settleVcpus() {
        leaving.clear();
        for (Vcpu vcpu : monitors) {
            boolean wanted = vcpu.id() < definition.vcpus();
            if (wanted && !present.contains(vcpu)) {
                appear(vcpu);
            } else if (!wanted && present.contains(vcpu)) {
                disappear(vcpu);
            }
        }
    }

    private void keep(VmDefinition changed) {
        keeper.accept(changed);
        definition = changed;
    }
}
