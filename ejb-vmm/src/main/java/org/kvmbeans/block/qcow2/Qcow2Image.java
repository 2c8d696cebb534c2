package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.KeySlots;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * A qcow2 image in use.
 *
 * <p>Requests come from many threads; look-ups are made under a lock that is held for them alone, and data moves outside it.
 * Whatever happens to the host, the storage holds an image with all that was flushed: see {@link WriteBack}. Where its
 * structures are found to contradict each other, the image is marked corrupt and refuses to be written from then on.
 */
public final class Qcow2Image implements LayeredImage {
    private static final int SECTOR_BYTES = 512;

    private final Metadata metadata;
    private final DiskReader reader;
    private final DiskData data;
    private final DiskWriter writer;
    private final Zeroing zeroing;
    private final Resizing resizing;
    private final @Nullable CompressedWriter compressed;
    private final Scratch.Pool scratches;
    private final DiskGeometry geometry;
    private final Bitmaps bitmaps;
    /** Held by whoever changes the image as a whole. */
    private final ReentrantLock whole = new ReentrantLock();

    /** Read when they are asked for. Guarded by {@link #whole}. */
    private @Nullable Snapshots snapshots;

    private volatile boolean markedCorrupt;
    private volatile boolean writingStopped;
    private boolean closed;

    private Qcow2Image(
            Metadata metadata,
            DiskReader reader,
            DiskData data,
            boolean rawExternal,
            Scratch.Pool scratches,
            DiskGeometry geometry)
            throws IOException {
        this.metadata = metadata;
        this.reader = reader;
        this.data = data;
        this.scratches = scratches;
        this.geometry = geometry;
        bitmaps = new Bitmaps(metadata);
        if (metadata.writable()) {
            bitmaps.load();
        }
        Allocator allocator = new Allocator(metadata);
        writer = new DiskWriter(metadata, reader, data, allocator);
        zeroing = new Zeroing(metadata, reader, writer, allocator, rawExternal);
        resizing = new Resizing(metadata, reader, zeroing);
        compressed = data.encrypted() || metadata.externalData()
                ? null
                : new CompressedWriter(
                        metadata, allocator, metadata.writeBack.header().compression());
    }

    /**
     * Opens the image that a storage holds, and the images below it as far as the options of the storage allow.
     *
     * @param storage becomes the image's: closed with it, and where this fails
     * @param opener opens backing files and data files
     * @throws DiskImageException saying what would be right: UNSUPPORTED, CORRUPT, or whatever the opener throws
     */
    public static Qcow2Image open(Posix posix, Storage storage, ImageOpener opener) throws IOException {
        return new Qcow2Opening(posix, opener).open(storage);
    }

    /**
     * Opens the image that a storage holds over an image that is open already, in the place of the one that it names.
     *
     * @param storage as in {@link #open}
     * @param backing becomes the image's when this returns; stays the caller's where this fails
     */
    public static Qcow2Image openOver(Posix posix, Storage storage, ImageOpener opener, DiskImage backing)
            throws IOException {
        return new Qcow2Opening(posix, opener).openOver(storage, backing);
    }

    /** Puts an image together whose header was read. */
    static Qcow2Image of(
            Posix posix,
            Storage storage,
            @Nullable Storage dataFile,
            Qcow2HeaderFile headerFile,
            @Nullable Backing backing,
            Scratch.Pool scratches)
            throws IOException {
        Qcow2Header header = headerFile.header();
        Metadata metadata = new Metadata(posix, storage, dataFile == null ? storage : dataFile, headerFile);
        DiskData data = new DiskData(metadata.data, Encryption.open(posix, storage, header));
        DiskReader reader = new DiskReader(metadata, data, header.compression(), backing);
        if (storage.options().access() == Access.READ_WRITE) {
            headerFile.replace(header.forWriting());
        }
        return new Qcow2Image(
                metadata, reader, data, header.has(Feature.RAW_EXTERNAL), scratches, metadata.data.geometry());
    }

    DiskReader reader() {
        return reader;
    }

    @Override
    public long sizeBytes() {
        return metadata.diskBytes() + SECTOR_BYTES - 1 & -SECTOR_BYTES;
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return writingStopped || !metadata.writable();
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        check(offset, target.totalBytes());
        try (Scratch scratch = scratches.take()) {
            reader.read(offset, target, scratch);
        } finally {
            markIfCorrupt();
        }
    }

    @Override
    public void write(long offset, IoVector source) throws IOException {
        check(offset, source.totalBytes());
        requireWritable();
        bitmaps.written(offset, source.totalBytes());
        try (Scratch scratch = scratches.take()) {
            writer.write(offset, source, scratch);
        } finally {
            written(offset, source.totalBytes());
        }
    }

    /** A request that writes has ended: a bitmap may have been cleared since it began. */
    private void written(long offset, long length) throws IOException {
        bitmaps.written(offset, length);
        markIfCorrupt();
    }

    @Override
    public boolean readAtOnce(long offset, IoVector target) throws IOException {
        check(offset, target.totalBytes());
        try (Scratch scratch = scratches.take()) {
            return reader.readAtOnce(offset, target, scratch.run);
        }
    }

    @Override
    public boolean writeAtOnce(long offset, IoVector source) throws IOException {
        check(offset, source.totalBytes());
        if (!metadata.writable() || metadata.corruption.found()) {
            return false;
        }
        bitmaps.written(offset, source.totalBytes());
        try (Scratch scratch = scratches.take()) {
            return writer.writeAtOnce(offset, source, scratch.run);
        } finally {
            bitmaps.written(offset, source.totalBytes());
        }
    }

    @Override
    public <T> @Nullable AsyncRequests<T> openAsync(EventFd signal) {
        if (data.encrypted()) {
            return null;
        }
        AsyncRequests<Qcow2Requests.Entered<T>> storage = metadata.data.openAsync(signal);
        return storage == null ? null : new Qcow2Requests<>(metadata, bitmaps, storage);
    }

    /** The internal snapshots; read when they are asked for first. */
    public Snapshots snapshots() throws IOException {
        whole.lock();
        try {
            Snapshots table = snapshots;
            if (table == null) {
                table = new Snapshots(this, metadata);
                snapshots = table;
            }
            return table;
        } finally {
            whole.unlock();
        }
    }

    /** The dirty bitmaps; of an image that is only read, they are read when they are asked for first. */
    public Bitmaps bitmaps() throws IOException {
        bitmaps.load();
        return bitmaps;
    }

    /** An operation on the image as a whole begins: none other does, until {@link #endWhole}. */
    void beginWhole() throws DiskImageException {
        requireWritable();
        whole.lock();
    }

    void endWhole() throws IOException {
        whole.unlock();
        markIfCorrupt();
    }

    /** The disk has other contents, and maybe another size. */
    void contentsReplaced() {
        bitmaps.resized(metadata.diskBytes());
        bitmaps.allWritten();
    }

    void forget(long start, long end) throws IOException {
        zeroing.forget(start, end);
    }

    void writeBehindDisk(long offset, IoVector source) throws IOException {
        requireWritable();
        try (Scratch scratch = scratches.take()) {
            writer.write(offset, source, scratch);
        } finally {
            markIfCorrupt();
        }
    }

    void readBehindDisk(long offset, IoVector target) throws IOException {
        try (Scratch scratch = scratches.take()) {
            reader.read(offset, target, scratch);
        } finally {
            markIfCorrupt();
        }
    }

    /** The key slots of an image that LUKS encrypts; null for others. Changed while nobody else changes them. */
    public @Nullable KeySlots keySlots() {
        return data.keySlots();
    }

    /** Bytes of a cluster: what {@link #writeCompressed} takes. */
    public int clusterBytes() {
        return metadata.layout.clusterBytes();
    }

    /**
     * Writes a cluster compressed, or as it is where that takes less room or the image cannot have compressed clusters, being
     * encrypted or having a data file. Several threads get it done faster.
     *
     * @param offset where a cluster of the disk begins
     * @param source all of the cluster, or what there is of it at the end of the disk
     */
    public void writeCompressed(long offset, IoVector source) throws IOException {
        long length = source.totalBytes();
        check(offset, length);
        boolean whole = length == clusterBytes() || (length < clusterBytes() && offset + length == sizeBytes());
        if (!whole || !metadata.layout.aligned(offset)) {
            throw new IllegalArgumentException(metadata.storage.name() + ": " + length + " bytes at " + offset
                    + " to be compressed; it must be a cluster of " + clusterBytes() + " bytes");
        }
        requireWritable();
        bitmaps.written(offset, length);
        try (Scratch scratch = scratches.take()) {
            if (compressed == null || !compressed.write(offset, source, scratch)) {
                writer.write(offset, source, scratch);
            }
        } finally {
            written(offset, length);
        }
    }

    @Override
    public void flush() throws IOException {
        if (!readOnly()) {
            metadata.writeBack.flush();
        }
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        check(offset, length);
        requireWritable();
        bitmaps.written(offset, length);
        try {
            zeroing.discard(offset, length);
        } finally {
            written(offset, length);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        check(offset, length);
        requireWritable();
        bitmaps.written(offset, length);
        try (Scratch scratch = scratches.take()) {
            zeroing.zero(offset, length, mayUnmap, scratch);
        } finally {
            written(offset, length);
        }
    }

    /**
     * Changes the size.
     *
     * @throws IllegalArgumentException unless it is above 0, a multiple of 512, and what the image's clusters can map
     */
    @Override
    public void resize(long sizeBytes) throws IOException {
        long most = metadata.layout.maxSizeBytes();
        if (sizeBytes <= 0 || sizeBytes % SECTOR_BYTES != 0 || sizeBytes > most) {
            throw new IllegalArgumentException(metadata.storage.name() + ": a size of " + sizeBytes
                    + " bytes; it must be a multiple of 512 above 0 and at most " + most);
        }
        requireWritable();
        whole.lock();
        try (Scratch scratch = scratches.take()) {
            if (sizeBytes > metadata.diskBytes()) {
                resizing.grow(sizeBytes, scratch);
            } else if (sizeBytes < metadata.diskBytes()) {
                resizing.shrink(sizeBytes);
            }
            bitmaps.resized(sizeBytes);
        } finally {
            whole.unlock();
            markIfCorrupt();
        }
    }

    @Override
    public Extent extent(long offset, long length) throws IOException {
        check(offset, length);
        try (Scratch scratch = scratches.take()) {
            return reader.extent(offset, length, scratch.run);
        } finally {
            markIfCorrupt();
        }
    }

    @Override
    public Extent ownExtent(long offset, long length) throws IOException {
        check(offset, length);
        try (Scratch scratch = scratches.take()) {
            return reader.ownExtent(offset, length, scratch.run);
        } finally {
            markIfCorrupt();
        }
    }

    @Override
    public @Nullable DiskImage backing() {
        Backing below = reader.backing();
        return below == null ? null : below.image();
    }

    @Override
    public @Nullable BackingReference backingReference() {
        Backing below = reader.backing();
        return below == null ? null : below.reference();
    }

    @Override
    public void populate(long offset, long length) throws IOException {
        check(offset, length);
        requireWritable();
        try (Scratch scratch = scratches.take()) {
            writer.populate(offset, length, zeroing, scratch);
        } finally {
            markIfCorrupt();
        }
    }

    @Override
    public void changeBacking(@Nullable BackingReference reference, @Nullable DiskImage backing) throws IOException {
        if ((reference == null) != (backing == null)) {
            throw new IllegalArgumentException("a backing file and its name belong together");
        }
        requireWritable();
        whole.lock();
        try {
            Backing next = reference == null ? null : Backing.of(reference, backing);
            Backing old = reader.backing();
            metadata.writeBack.changeHeader(header -> header.withBacking(reference));
            metadata.lock.lock();
            try {
                metadata.gate.shut();
                reader.setBacking(next);
                metadata.gate.open();
            } finally {
                metadata.lock.unlock();
            }
            if (old != null && old.image() != backing) {
                old.image().close();
            }
        } finally {
            whole.unlock();
        }
    }

    @Override
    public @Nullable DiskImage exchangeBacking(@Nullable DiskImage sameContents) {
        whole.lock();
        try {
            Backing old = reader.backing();
            BackingReference reference = metadata.writeBack.header().backingReference();
            if (sameContents != null && reference == null) {
                throw new IllegalStateException(metadata.storage.name() + ": it names no backing file");
            }
            reader.setBacking(reference == null ? null : Backing.of(reference, sameContents));
            return old == null ? null : old.image();
        } finally {
            whole.unlock();
        }
    }

    @Override
    public void stopWriting() throws IOException {
        if (readOnly()) {
            return;
        }
        finishWriting();
        writingStopped = true;
        if (metadata.externalData()) {
            metadata.data.stopWriting();
        }
        metadata.storage.stopWriting();
    }

    @Override
    public long allocatedBytes() {
        long own = metadata.storage.allocatedBytes();
        long data = metadata.externalData() ? metadata.data.allocatedBytes() : 0;
        return own < 0 || data < 0 ? -1 : own + data;
    }

    /** Writes what is not yet written, and closes everything; what fails on the way is thrown when all is closed. */
    @Override
    public void close() throws IOException {
        whole.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            whole.unlock();
        }
        try (Storage storage = metadata.storage;
                Storage dataFile = metadata.externalData() ? metadata.data : null;
                DiskImage below = backing()) {
            reader.close();
            if (compressed != null) {
                compressed.close();
            }
            data.close();
            if (!readOnly()) {
                finishWriting();
            }
        }
    }

    private void finishWriting() throws IOException {
        if (!metadata.corruption.found()) {
            bitmaps.store();
        }
        metadata.writeBack.close();
    }

    private void requireWritable() throws DiskImageException {
        if (readOnly()) {
            throw new DiskImageException(Kind.READ_ONLY, metadata.storage.name(), "it was opened to read");
        }
        metadata.writeBack.requireKnownHeader();
        if (metadata.corruption.found()) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    metadata.storage.name(),
                    "its structures contradict each other, so that nothing is written to it any more; repair it");
        }
    }

    /** Whoever opens the image next is told. */
    private void markIfCorrupt() throws IOException {
        if (metadata.corruption.found() && !readOnly() && !markedCorrupt) {
            markedCorrupt = true;
            if (metadata.writeBack.header().version() >= 3) {
                metadata.writeBack.changeHeader(header -> header.with(Feature.CORRUPT));
            }
        }
    }

    private void check(long offset, long length) {
        geometry.requireBlocks(metadata.storage.name(), offset, length, sizeBytes());
    }
}
