package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.LuksArea;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.crypto.LuksVolume;
import org.kvmbeans.sys.Posix;

/** LUKS for a new image, with one passphrase in its first key slot. */
public final class NewLuksEncryption implements NewEncryption {
    private final Posix posix;
    private final LuksOptions options;
    private final byte[] passphrase;

    /** @param passphrase stays the caller's, who overwrites it when the image is made */
    public NewLuksEncryption(Posix posix, LuksOptions options, byte[] passphrase) {
        this.posix = posix;
        this.options = options;
        this.passphrase = passphrase;
    }

    @Override
    public long headerBytes() {
        return options.headerBytes();
    }

    @Override
    public void writeHeader(Storage storage, long offset) throws IOException {
        LuksArea area = new LuksArea(posix, storage, offset, headerBytes());
        LuksVolume.create(area, options, passphrase).close();
    }
}
