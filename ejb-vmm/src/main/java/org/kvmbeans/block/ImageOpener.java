package org.kvmbeans.block;

import java.io.IOException;

/** Opens what an image leads to: its backing file and its data file. */
public interface ImageOpener {
    /**
     * Opens an image and locks it.
     *
     * @param path as {@link ImageRules#resolve} gave it
     * @param format name of its format; never guessed from its contents
     * @throws DiskImageException NOT_FOUND, DENIED, READ_ONLY, UNSUPPORTED, LOCKED or CORRUPT, saying what would be right
     */
    DiskImage openImage(String path, String format, OpenOptions options) throws IOException;

    /** Opens a file or block device as it is, and locks it; as {@link #openImage}. */
    Storage openStorage(String path, OpenOptions options) throws IOException;
}
