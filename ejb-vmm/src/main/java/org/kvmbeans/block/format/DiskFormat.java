package org.kvmbeans.block.format;

import java.util.Arrays;
import java.util.Optional;

/**
 * The formats that an image may have. A format is always said, never guessed from the contents: a guest that writes another
 * format's header into its raw disk would otherwise choose what the host opens next time.
 */
public enum DiskFormat {
    /** The bytes of the disk as they are. */
    RAW("raw"),
    /** QEMU's format: backing files, snapshots, compression, encryption. */
    QCOW2("qcow2"),
    /** A LUKS header, then the sectors of the disk, encrypted. */
    LUKS("luks");

    private final String text;

    DiskFormat(String text) {
        this.text = text;
    }

    /** Its name in a definition, and in images that name others. */
    public String text() {
        return text;
    }

    /** The format of a name. */
    public static Optional<DiskFormat> of(String text) {
        return Arrays.stream(values())
                .filter(format -> format.text.equals(text))
                .findFirst();
    }
}
