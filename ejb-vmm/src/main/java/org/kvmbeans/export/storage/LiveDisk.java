package org.kvmbeans.export.storage;

import java.nio.file.Path;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.device.VmDisk;

/**
 * A disk of a VM that is on.
 *
 * @param machine the VM
 * @param disk the disk
 */
public record LiveDisk(VirtualMachine machine, VmDisk disk) {
    String vm() {
        return machine.definition().name();
    }

    String name() {
        return disk.name();
    }

    DiskDefinition definition() {
        return disk.definition();
    }

    /**
     * The disk as operations reach it.
     *
     * @throws IllegalStateException where the VM is off
     */
    SwitchableImage image() {
        SwitchableImage image = disk.image();
        if (image == null) {
            throw new IllegalStateException("VM " + vm() + " is off, so that nobody has disk " + name()
                    + " open; use the operations of its image instead");
        }
        return image;
    }

    /** Keeps in the definition that the disk's image is another one, before the guest writes to it. */
    void moveTo(Path path, DiskFormat format) {
        machine.moveDisk(name(), path, format);
    }
}
