package org.kvmbeans.machine.definition;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.kvmbeans.virtio.vsock.VsockOptions;

/** Reads the devices of a definition, and checks what they must not share. */
final class DevicesReader {
    /** Names that are devices' own already: those of which a machine has at most one. */
    private static final Set<String> RESERVED = Set.of("balloon", "rng", "vsock", "console", "com1");

    private static final Pattern DEVICE_NAME = Pattern.compile("[A-Za-z0-9._-]{1,32}");
    private static final String RIGHT_NAME = "give 1 to 32 of the characters A-Z a-z 0-9 . _ -";

    private final DefinitionObject root;
    private final Set<String> names = new HashSet<>();

    private DevicesReader(DefinitionObject root) {
        this.root = root;
    }

    static DeviceDefinitions read(DefinitionObject root, FileRule files) {
        DevicesReader reader = new DevicesReader(root);
        DeviceDefinitions devices = new DeviceDefinitions(
                reader.disks(files),
                reader.nics(),
                reader.consoles(),
                root.flag("rng", true),
                root.flag("balloon", true),
                reader.vsockCid());
        if (devices.count() > VmDefinition.MAX_DEVICES) {
            root.wrong(
                    "disks",
                    devices.count() + " devices in all",
                    "the PCI bus has room for " + VmDefinition.MAX_DEVICES);
        }
        return devices;
    }

    private List<DiskDefinition> disks(FileRule files) {
        List<DiskDefinition> disks = new ArrayList<>();
        Set<String> paths = new HashSet<>();
        for (DefinitionObject object : root.objects("disks", "give a list of objects like " + DiskReader.EXAMPLE)) {
            DiskDefinition disk = DiskReader.read(object, files);
            claim(object, disk.name());
            if (!paths.add(disk.path().toString())) {
                object.wrong("path", disk.path().toString(), "another disk of this VM has it; give each its own");
            }
            disks.add(disk);
        }
        return disks;
    }

    private List<NicDefinition> nics() {
        List<NicDefinition> nics = new ArrayList<>();
        Set<String> macs = new HashSet<>();
        for (DefinitionObject object : root.objects("nics", "give a list of objects like " + NicReader.EXAMPLE)) {
            NicDefinition nic = NicReader.read(object);
            claim(object, nic.name());
            if (!macs.add(nic.mac())) {
                object.wrong("mac", nic.mac(), "another NIC of this VM has it; give each its own");
            }
            nics.add(nic);
        }
        return nics;
    }

    private List<String> consoles() {
        List<String> consoles = root.texts("consoles", "give a list of names like [\"org.example.agent\"]");
        consoles.forEach(name -> {
            String problem = nameProblem(name);
            if (!problem.isEmpty() || !names.add(name)) {
                root.wrong("consoles", name, problem.isEmpty() ? "another device has that name" : problem);
            }
        });
        return consoles;
    }

    private long vsockCid() {
        DefinitionObject vsock = root.object("vsock", "give an object like {\"cid\":3}");
        if (vsock == null) {
            return 0;
        }
        vsock.refuseKeysOutside(List.of("cid"));
        if (vsock.value("cid") == null) {
            vsock.missing("cid", "give a number from " + VsockOptions.MIN_CID + " that no other VM has");
        }
        return vsock.number("cid", 0, VsockOptions.MIN_CID, VsockOptions.MAX_CID);
    }

    private void claim(DefinitionObject object, String name) {
        if (!name.isEmpty() && !names.add(name)) {
            object.wrong("name", name, "another device of this VM has it; give each its own");
        }
    }

    /** Reads a device's name, empty where it is none. */
    static String name(DefinitionObject object) {
        String name = object.requiredText("name", RIGHT_NAME);
        String problem = object.value("name") == null ? "" : nameProblem(name);
        if (!problem.isEmpty() && object.text("name", "") != null) {
            object.wrong("name", name, problem);
        }
        return name;
    }

    private static String nameProblem(String name) {
        if (!DEVICE_NAME.matcher(name).matches()) {
            return RIGHT_NAME;
        }
        return RESERVED.contains(name) ? "that name is a device's already; choose another" : "";
    }
}
