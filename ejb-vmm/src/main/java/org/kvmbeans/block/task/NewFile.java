package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;

/** A file that an image is made in. */
final class NewFile {
    private static final String PERMISSIONS = "rw-------";

    private NewFile() {}

    /** Makes an empty one that its owner alone may read; there is none yet. */
    static void create(Path path) throws IOException {
        Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(PERMISSIONS)));
    }

    /** Options whose passphrases are found by the name that the file will have. */
    static OpenOptions named(OpenOptions options) {
        SecretSource secrets = image -> options.secrets().passphrase(NewImage.nameOf(image));
        return new OpenOptions(options.access(), options.cache(), options.rules(), secrets);
    }
}
