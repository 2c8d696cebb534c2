package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.kvmbeans.block.Storage;

/** The encryption of an image that is being created: what makes its LUKS header. */
public interface NewEncryption {
    /** Bytes of the header with all of its key material, above 0. */
    long headerBytes();

    /**
     * Writes the header.
     *
     * @param offset where it begins in {@code storage}; whole clusters from there on are its own, and zeros
     */
    void writeHeader(Storage storage, long offset) throws IOException;
}
