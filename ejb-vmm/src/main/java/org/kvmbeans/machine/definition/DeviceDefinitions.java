package org.kvmbeans.machine.definition;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The devices of a machine that it could do without.
 *
 * @param disks in the order in which the guest finds them
 * @param nics in the order in which the guest finds them
 * @param consoles names of the virtio console's ports; without any, there is no such console
 * @param rng whether it has a source of entropy
 * @param balloon whether it has a memory balloon
 * @param vsockCid its address on the host's virtual sockets, 3 and up (vsock(7)); 0 for none
 */
public record DeviceDefinitions(
        List<DiskDefinition> disks,
        List<NicDefinition> nics,
        List<String> consoles,
        boolean rng,
        boolean balloon,
        long vsockCid) {
    /** A machine of memory, vCPUs and a serial port. */
    public static final DeviceDefinitions NONE =
            new DeviceDefinitions(List.of(), List.of(), List.of(), false, false, 0);

    public DeviceDefinitions {
        disks = List.copyOf(disks);
        nics = List.copyOf(nics);
        consoles = List.copyOf(consoles);
    }

    /** PCI functions that they take. */
    public int count() {
        return disks.size()
                + nics.size()
                + (consoles.isEmpty() ? 0 : 1)
                + (rng ? 1 : 0)
                + (balloon ? 1 : 0)
                + (vsockCid == 0 ? 0 : 1);
    }

    /** The same devices with the disk added, or replaced where one has its name. */
    public DeviceDefinitions with(DiskDefinition disk) {
        return new DeviceDefinitions(
                replaced(disks, other -> other.name().equals(disk.name()), disk),
                nics,
                consoles,
                rng,
                balloon,
                vsockCid);
    }

    /** The same devices with the NIC added, or replaced where one has its name. */
    public DeviceDefinitions with(NicDefinition nic) {
        return new DeviceDefinitions(
                disks, replaced(nics, other -> other.name().equals(nic.name()), nic), consoles, rng, balloon, vsockCid);
    }

    /** The same devices without the disk or NIC of that name. */
    public DeviceDefinitions without(String name) {
        return new DeviceDefinitions(
                disks.stream().filter(disk -> !disk.name().equals(name)).toList(),
                nics.stream().filter(nic -> !nic.name().equals(name)).toList(),
                consoles,
                rng,
                balloon,
                vsockCid);
    }

    private static <T> List<T> replaced(List<T> list, Predicate<T> same, T element) {
        List<T> result = new ArrayList<>(list);
        for (int i = 0; i < result.size(); i++) {
            if (same.test(result.get(i))) {
                result.set(i, element);
                return result;
            }
        }
        result.add(element);
        return result;
    }
}
