package org.kvmbeans.block.format;

/**
 * The formats that an image may have. A format is always said, never guessed from the contents: a guest that writes another
 * format's header into its raw disk would otherwise choose what the host opens next time.
 */
public enum DiskFormat {
    /** The bytes of the disk as they are. */
    RAW("raw"),
    /** QEMU's format: chains, snapshots, compression, encryption. */
    QCOW2("qcow2");

    private final String text;

    DiskFormat(String text) {
        this.text = text;
    }

    /** Its name in a definition. */
    public String text() {
        return text;
    }
}
