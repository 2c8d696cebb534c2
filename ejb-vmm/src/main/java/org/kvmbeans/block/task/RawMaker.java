package org.kvmbeans.block.task;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.Posix;

/** Makes raw image files: sparse, or with their room set aside. */
public final class RawMaker implements ImageMaker {
    /** The holes that file systems have are multiples of this. */
    private static final int UNIT_BYTES = 4096;

    private final Posix posix;
    private final CacheMode cache;
    private final Preallocation preallocation;

    /** How much of the file's room is set aside when it is made. */
    public enum Preallocation {
        /** None: it grows by what is written. */
        OFF,
        /** All, without writing it: it cannot run out of room later. */
        FALLOC,
        /** All, as zeros that are written: the first write of a place is as fast as later ones, too. */
        FULL
    }

    /**
     * Makes a maker.
     *
     * @param cache how the image is opened to be filled
     */
    public RawMaker(Posix posix, CacheMode cache, Preallocation preallocation) {
        this.posix = posix;
        this.cache = cache;
        this.preallocation = preallocation;
    }

    @Override
    public void make(Path path, long sizeBytes) throws IOException {
        NewFile.create(path);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(sizeBytes);
        } catch (IOException e) {
            DiskImageException refused = new DiskImageException(
                    Kind.IO_ERROR,
                    path.toString(),
                    "the host makes no file of " + sizeBytes + " bytes: " + e.getMessage());
            refused.initCause(e);
            throw refused;
        }
        if (preallocation != Preallocation.OFF) {
            try (HostFile file = HostFile.open(posix, path.toString(), new OpenOptions(Access.READ_WRITE, cache))) {
                setAside(file, sizeBytes);
            }
        }
    }

    private void setAside(HostFile file, long sizeBytes) throws DiskImageException {
        if (preallocation == Preallocation.FALLOC) {
            // Without permission to give the room back, zeros are room set aside.
            file.writeZeroes(0, sizeBytes, false);
        } else {
            CopyBuffer zeros = new CopyBuffer(posix, 1 << 20);
            for (long at = 0; at < sizeBytes; at += zeros.bytes()) {
                file.write(at, zeros.part(0, (int) Math.min(zeros.bytes(), sizeBytes - at)));
            }
        }
    }

    @Override
    public DiskImage open(Path path) throws IOException {
        return RawImage.open(posix, path.toString(), new OpenOptions(Access.READ_WRITE, cache));
    }

    @Override
    public int unitBytes() {
        return UNIT_BYTES;
    }
}
