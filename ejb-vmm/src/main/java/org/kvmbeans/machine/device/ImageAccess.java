package org.kvmbeans.machine.device;

import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.machine.definition.DiskDefinition;

/** What the images of a host's disks may lead to, and who knows their passphrases. May be used from any thread. */
public interface ImageAccess {
    /** Every file that this process may open, and no passphrase: for hosts without pools. */
    ImageAccess ANY_FILE = new ImageAccess() {
        @Override
        public ImageRules rules(DiskDefinition disk) {
            return ImageRules.ANY;
        }

        @Override
        public SecretSource secrets(DiskDefinition disk) {
            return SecretSource.NONE;
        }
    };

    /** Which backing files and data files a disk's image may have. */
    ImageRules rules(DiskDefinition disk);

    /** The passphrases of a disk's image and of those below it: see {@link DiskDefinition#secret}. */
    SecretSource secrets(DiskDefinition disk);
}
