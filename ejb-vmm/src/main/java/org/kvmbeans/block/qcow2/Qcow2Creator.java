package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/**
 * Makes images. The header comes last: until it is there, what lies in the storage is no image.
 *
 * <p>Whatever was in the storage is lost. It is the caller's, and so is its removal when this fails.
 */
public final class Qcow2Creator {
    private static final int PIECE_BYTES = 1 << 20;

    private final Storage storage;
    private final @Nullable Storage dataFile;
    private final long sizeBytes;
    private final Qcow2Options options;
    private final NewImagePlan plan;
    private final Qcow2Layout layout;
    private final StorageBuffer piece;
    private final Progress progress;

    private Qcow2Creator(
            Posix posix,
            Storage storage,
            @Nullable Storage dataFile,
            long sizeBytes,
            Qcow2Options options,
            Progress progress) {
        options.requireSize(sizeBytes);
        if ((dataFile == null) != (options.dataFile() == null)) {
            throw new IllegalArgumentException("a data file has to be there exactly where the options name one");
        }
        this.storage = storage;
        this.dataFile = dataFile;
        this.sizeBytes = sizeBytes;
        this.options = options;
        this.progress = progress;
        plan = NewImagePlan.of(options, sizeBytes);
        layout = options.layout();
        piece = new StorageBuffer(posix, Math.max(PIECE_BYTES, layout.clusterBytes()));
    }

    /**
     * Makes an image; it is durable when this returns.
     *
     * @param storage opened to be written; a file may be empty
     * @param dataFile opened to be written, exactly where {@code options} name one
     * @param sizeBytes of the disk, a multiple of 512
     * @param progress counts bytes of the room that is made
     * @return its header
     * @throws IllegalArgumentException where the image cannot have that size
     * @throws DiskImageException NO_SPACE where a device is too small; UNSUPPORTED where names are too long for the header
     */
    public static Qcow2Header create(
            Posix posix,
            Storage storage,
            @Nullable Storage dataFile,
            long sizeBytes,
            Qcow2Options options,
            Progress progress)
            throws IOException {
        return new Qcow2Creator(posix, storage, dataFile, sizeBytes, options, progress).create(posix);
    }

    private Qcow2Header create(Posix posix) throws IOException {
        Qcow2Header header = header();
        makeRoom();
        writeRefcounts();
        NewEncryption encryption = options.encryption();
        if (encryption != null) {
            encryption.writeHeader(storage, plan.encryptionOffset());
        }
        writeL1Table();
        writeL2Tables();
        if (dataFile != null) {
            makeRoomForDisk(dataFile, 0, sizeBytes);
            dataFile.flush();
        } else {
            makeRoomForDisk(storage, plan.diskOffset(), plan.endOffset() - plan.diskOffset());
        }
        storage.flush();
        Qcow2HeaderFile.write(posix, storage, header);
        return header;
    }

    private Qcow2Header header() {
        Qcow2Header header = Qcow2Header.of(options.version(), layout, sizeBytes)
                .withCompression(options.compression())
                .withBacking(options.backing())
                .withRefcountTable(new TablePointer(plan.refcountTableOffset(), (int) plan.refcountTableClusters()));
        if (plan.l1Entries() > 0) {
            header = header.withL1Table(new TablePointer(plan.l1Offset(), (int) plan.l1Entries()));
        }
        if (options.lazyRefcounts()) {
            header = header.with(Feature.LAZY_REFCOUNTS);
        }
        if (options.dataFile() != null) {
            header = header.with(Feature.EXTERNAL_DATA)
                    .withExtensions(header.extensions().withDataFile(options.dataFile()));
        }
        if (options.rawDataFile()) {
            header = header.with(Feature.RAW_EXTERNAL);
        }
        NewEncryption encryption = options.encryption();
        return encryption == null
                ? header
                : header.withCrypt(
                        CryptMethod.LUKS, new EncryptionHeader(plan.encryptionOffset(), encryption.headerBytes()));
    }

    /** Makes all of it zeros, which a file that is cut off and grown is by itself. */
    private void makeRoom() throws IOException {
        long end = plan.endOffset();
        try {
            storage.resize(0);
            storage.resize(end);
        } catch (DiskImageException e) {
            if (e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
            if (storage.sizeBytes() < end) {
                throw new DiskImageException(
                        Kind.NO_SPACE,
                        storage.name(),
                        "the image needs " + end + " bytes from the beginning; there are " + storage.sizeBytes());
            }
            storage.writeZeroes(0, end, true);
        }
    }

    private void writeRefcounts() throws IOException {
        fill(
                plan.refcountTableOffset(),
                plan.refcountBlocks(),
                Long.BYTES,
                (bytes, at, index) -> bytes.putLong(at, plan.refcountBlocksOffset() + (index << layout.clusterBits())));
        long clusters = plan.endOffset() >>> layout.clusterBits();
        long offset = plan.refcountBlocksOffset();
        for (long block = 0; block < plan.refcountBlocks(); block++) {
            ByteBuffer bytes = piece.bytes();
            int used = (int) Math.min(layout.refcountBlockEntries(), clusters - (block << layout.refcountBlockBits()));
            for (int i = 0; i < layout.refcountBlockEntries(); i++) {
                Refcounts.set(bytes, layout.refcountOrder(), i, i < used ? 1 : 0);
            }
            piece.write(storage, offset, 0, layout.clusterBytes());
            offset += layout.clusterBytes();
        }
    }

    private void writeL1Table() throws IOException {
        if (plan.l2Tables() > 0) {
            fill(
                    plan.l1Offset(),
                    plan.l1Entries(),
                    Long.BYTES,
                    (bytes, at, index) ->
                            bytes.putLong(at, plan.l2Offset() + (index << layout.clusterBits()) | Qcow2Layout.COPIED));
        }
    }

    private void writeL2Tables() throws IOException {
        if (plan.l2Tables() == 0) {
            return;
        }
        // What an encrypted cluster holds before it is written is noise; subclusters are not allocated as yet.
        long flags = Qcow2Layout.COPIED | (options.encryption() != null && !layout.extendedL2() ? Qcow2Layout.ZERO : 0);
        long first = dataFile == null ? plan.diskOffset() : 0;
        long bitmap = options.rawDataFile() ? 0xFFFF_FFFFL : 0;
        fill(plan.l2Offset(), layout.clusters(sizeBytes), layout.l2EntryBytes(), (bytes, at, index) -> {
            bytes.putLong(at, first + (index << layout.clusterBits()) | flags);
            if (layout.extendedL2()) {
                bytes.putLong(at + Long.BYTES, bitmap);
            }
        });
    }

    private interface EntryWriter {
        void put(ByteBuffer bytes, int position, long index);
    }

    /** Writes the entries of a table in large pieces. */
    private void fill(long offset, long entries, int entryBytes, EntryWriter writer) throws IOException {
        int perPiece = piece.capacity() / entryBytes;
        for (long done = 0; done < entries; ) {
            int count = (int) Math.min(perPiece, entries - done);
            for (int i = 0; i < count; i++) {
                writer.put(piece.bytes(), i * entryBytes, done + i);
            }
            piece.write(storage, offset + done * entryBytes, 0, count * entryBytes);
            done += count;
        }
    }

    private void makeRoomForDisk(Storage target, long offset, long length) throws IOException {
        if (target == dataFile) {
            makeEmpty(target, length);
        }
        Preallocation preallocation = options.preallocation();
        if (preallocation != Preallocation.FALLOC && preallocation != Preallocation.FULL) {
            return;
        }
        piece.bytes().put(0, new byte[piece.capacity()]);
        for (long done = 0; done < length; ) {
            int part = (int) Math.min(piece.capacity(), length - done);
            if (preallocation == Preallocation.FULL) {
                piece.write(target, offset + done, 0, part);
            } else {
                target.writeZeroes(offset + done, part, false);
            }
            done += part;
            progress.advance(done, length);
        }
    }

    /** A data file that is a raw image must have the disk's size, and zeros where nothing was written. */
    private static void makeEmpty(Storage target, long length) throws IOException {
        try {
            target.resize(0);
            target.resize(length);
        } catch (DiskImageException e) {
            if (e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
            target.writeZeroes(0, Math.min(length, target.sizeBytes()), true);
        }
    }
}
