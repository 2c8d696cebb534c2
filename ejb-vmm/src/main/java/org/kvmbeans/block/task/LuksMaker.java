package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.crypto.LuksImage;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.sys.Posix;

/** Makes LUKS image files. Every sector of one is stored, zeros as well. */
public final class LuksMaker implements ImageMaker {
    private static final int UNIT_BYTES = 64 << 10;

    private final Posix posix;
    private final OpenOptions options;
    private final LuksOptions format;

    /** @param options how images are opened to be filled, with the passphrase */
    public LuksMaker(Posix posix, OpenOptions options, LuksOptions format) {
        this.posix = posix;
        this.options = NewFile.named(options.withAccess(Access.READ_WRITE));
        this.format = format;
    }

    @Override
    public void make(Path path, long sizeBytes) throws IOException {
        NewFile.create(path);
        HostFile file = HostFile.open(posix, path.toString(), options);
        try {
            LuksImage.create(posix, file, sizeBytes, format).close();
        } finally {
            file.close();
        }
    }

    @Override
    public DiskImage open(Path path) throws IOException {
        HostFile file = HostFile.open(posix, path.toString(), options);
        try {
            return LuksImage.open(posix, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public int unitBytes() {
        return UNIT_BYTES;
    }

    @Override
    public boolean readsZeros() {
        return false;
    }
}
