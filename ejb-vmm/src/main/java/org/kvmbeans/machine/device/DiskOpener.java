package org.kvmbeans.machine.device;

import java.io.IOException;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.sys.Posix;

/** Opens the images of disks: decides which files may be opened, and knows the passphrases of encrypted ones. */
@FunctionalInterface
public interface DiskOpener {
    /**
     * Opens the image of a disk, as its definition says.
     *
     * @throws IOException where it cannot or must not be opened, saying what would be right
     */
    DiskImage open(DiskDefinition disk) throws IOException;

    /** Opens any file that this process may open, and whatever it leads to; no encrypted images. */
    static DiskOpener ofAnyFile(Posix posix) {
        return disk -> DiskImages.open(
                posix,
                disk.path().toString(),
                disk.format(),
                new OpenOptions(accessOf(disk), disk.cache(), ImageRules.ANY, SecretSource.NONE));
    }

    /** What a disk's image is opened for. */
    static Access accessOf(DiskDefinition disk) {
        return disk.readOnly() ? Access.READ_ONLY : Access.READ_WRITE;
    }
}
