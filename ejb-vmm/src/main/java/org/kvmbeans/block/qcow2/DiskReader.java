package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;
import org.kvmbeans.sys.IoVector;

/** Reads the disk, from this image or from whichever below it has the bytes. May be used from any thread. */
final class DiskReader {
    private static final int MAX_BOUNCED_BYTES = 256 << 10;

    private final Metadata metadata;
    private final DiskData data;
    private final Decompressor.Pool decompressors;
    private volatile @Nullable Backing backing;

    DiskReader(Metadata metadata, DiskData data, CompressionType compression, @Nullable Backing backing) {
        this.metadata = metadata;
        this.data = data;
        this.decompressors = new Decompressor.Pool(compression);
        this.backing = backing;
    }

    @Nullable
    Backing backing() {
        return backing;
    }

    /** Another backing file takes its place; with the gate shut. */
    void setBacking(@Nullable Backing newBacking) {
        backing = newBacking;
    }

    void close() {
        decompressors.close();
    }

    /** Fills a request's memory from a stretch of the disk. */
    void read(long offset, IoVector target, Scratch scratch) throws IOException {
        long total = target.totalBytes();
        for (long done = 0; done < total; ) {
            int age = metadata.findAndEnter(offset + done, total - done, scratch.run);
            try {
                done += readFound(offset + done, target, done, scratch);
            } finally {
                metadata.leave(age);
            }
        }
    }

    /** As {@link org.kvmbeans.block.DiskImage#readAtOnce}, from this image or one below it. */
    boolean readAtOnce(long offset, IoVector target, Run run) throws IOException {
        long length = target.totalBytes();
        int age = metadata.findAtOnce(offset, length, run);
        if (age < 0) {
            return false;
        }
        try {
            DiskReader reader = this;
            while (run.kind == Run.Kind.UNALLOCATED && run.bytes == length) {
                Backing below = reader.backing;
                if (below == null || offset + length > below.sizeBytes()) {
                    return false;
                }
                if (below.reader() == null) {
                    return fits(below.image(), offset, length) && below.image().readAtOnce(offset, target);
                }
                reader = below.reader();
                if (reader.metadata.findAtOnce(offset, length, run) < 0) {
                    return false;
                }
            }
            return run.kind == Run.Kind.DATA
                    && run.bytes == length
                    && !reader.data.encrypted()
                    && reader.data.storage().readAtOnce(run.hostOffset, target);
        } finally {
            metadata.leave(age);
        }
    }

    /** As {@link #read} for a request that has entered already. */
    void readEntered(long offset, IoVector target, Scratch scratch) throws IOException {
        long total = target.totalBytes();
        for (long done = 0; done < total; ) {
            metadata.find(offset + done, total - done, scratch.run);
            done += readFound(offset + done, target, done, scratch);
        }
    }

    /** Reads the stretch that was found in this image, or the beginning of it; how many bytes. */
    private long readFound(long offset, IoVector target, long at, Scratch scratch) throws IOException {
        Run run = scratch.run;
        DiskReader reader = this;
        while (run.kind == Run.Kind.UNALLOCATED) {
            Backing below = reader.backing;
            if (below == null || offset >= below.sizeBytes()) {
                scratch.zero(target, at, run.bytes);
                return run.bytes;
            }
            long most = Math.min(run.bytes, below.sizeBytes() - offset);
            if (below.reader() == null) {
                readImage(below.image(), offset, target, at, most, scratch);
                return most;
            }
            reader = below.reader();
            reader.metadata.find(offset, most, run);
        }
        long length = run.bytes;
        switch (run.kind) {
            case ZERO -> scratch.zero(target, at, length);
            case COMPRESSED -> reader.readCompressed(offset, target, at, scratch);
            default -> reader.data.read(run.hostOffset, offset, scratch.part(target, at, length));
        }
        return length;
    }

    private static boolean fits(DiskImage image, long offset, long length) {
        return ((offset | length) & image.geometry().blockBytes() - 1) == 0;
    }

    /** Reads from an image that may have larger blocks than this one. */
    private static void readImage(DiskImage image, long offset, IoVector target, long at, long length, Scratch scratch)
            throws IOException {
        if (fits(image, offset, length)) {
            image.read(offset, scratch.part(target, at, length));
            return;
        }
        long blockMask = image.geometry().blockBytes() - 1L;
        for (long done = 0; done < length; ) {
            long start = offset + done & ~blockMask;
            int skipped = (int) (offset + done - start);
            long end = Math.min(start + MAX_BOUNCED_BYTES, offset + length + blockMask & ~blockMask);
            Scratch.Bounce plain = scratch.bounce(Scratch.PLAIN, MAX_BOUNCED_BYTES);
            image.read(start, plain.vector((int) (end - start)));
            int taken = (int) (Math.min(end, offset + length) - offset - done);
            target.copyFrom(at + done, plain.bytes(skipped, taken));
            done += taken;
        }
    }

    private void readCompressed(long offset, IoVector target, long at, Scratch scratch) throws IOException {
        Run run = scratch.run;
        int clusterBytes = metadata.layout.clusterBytes();
        int length = metadata.layout.compressedBytes(run.entry);
        Scratch.Bounce coded = scratch.bounce(Scratch.CODED, 2 * clusterBytes);
        metadata.storage.read(metadata.layout.compressedOffset(run.entry), coded.vector(length));
        ByteBuffer cluster = scratch.bounce(Scratch.PLAIN, clusterBytes).bytes(0, clusterBytes);
        if (!decompressors.decompress(coded.bytes(0, length), cluster)) {
            throw metadata.corruption.ofData(
                    "the compressed cluster of byte " + offset + " does not decompress to a cluster");
        }
        int start = (int) (offset & clusterBytes - 1);
        target.copyFrom(at, cluster.clear().position(start).limit(start + (int) run.bytes));
    }

    /** Whether a stretch is known to read as zeros, for a request that has entered already. */
    boolean readsAsZeros(long offset, long length, Run run) throws IOException {
        for (long done = 0; done < length; ) {
            Extent extent = locate(offset + done, length - done, run);
            if (!extent.readsAsZeros()) {
                return false;
            }
            done += extent.bytes();
        }
        return true;
    }

    /** As {@link org.kvmbeans.block.DiskImage#extent}. */
    Extent extent(long offset, long length, Run run) throws IOException {
        int age = metadata.findAndEnter(offset, length, run);
        try {
            return locate(offset, length, run);
        } finally {
            metadata.leave(age);
        }
    }

    /** The stretch that this image has itself, or has not. */
    Extent ownExtent(long offset, long length, Run run) throws IOException {
        metadata.leave(metadata.findAndEnter(offset, length, run));
        return extentOf(offset, run, 0);
    }

    private Extent locate(long offset, long length, Run run) throws IOException {
        DiskReader reader = this;
        long most = length;
        for (int depth = 0; ; depth++) {
            reader.metadata.find(offset, most, run);
            Backing below = reader.backing;
            if (run.kind != Run.Kind.UNALLOCATED || below == null || offset >= below.sizeBytes()) {
                return reader.extentOf(offset, run, depth);
            }
            most = Math.min(run.bytes, below.sizeBytes() - offset);
            if (below.reader() == null) {
                if (!fits(below.image(), offset, most)) {
                    return new Extent(offset, most, Extent.Kind.DATA, depth + 1, -1);
                }
                Extent extent = below.image().extent(offset, most);
                return new Extent(
                        offset,
                        Math.min(most, extent.bytes()),
                        extent.kind(),
                        depth + 1 + extent.depth(),
                        extent.storageOffset());
            }
            reader = below.reader();
        }
    }

    private Extent extentOf(long offset, Run run, int depth) {
        return switch (run.kind) {
            case UNALLOCATED -> new Extent(offset, run.bytes, Extent.Kind.UNALLOCATED, depth, -1);
            case ZERO -> new Extent(offset, run.bytes, Extent.Kind.ZERO, depth, -1);
            case COMPRESSED -> new Extent(offset, run.bytes, Extent.Kind.COMPRESSED, depth, -1);
            case DATA -> new Extent(offset, run.bytes, Extent.Kind.DATA, depth, data.encrypted() ? -1 : run.hostOffset);
        };
    }
}
