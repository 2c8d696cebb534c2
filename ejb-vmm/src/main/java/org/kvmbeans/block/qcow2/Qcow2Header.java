package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * The header of an image with its extensions and the name of its backing file: all that its first cluster holds
 * (specification, "Header"). {@link Qcow2HeaderFile} reads and writes it.
 *
 * @param version 2 or 3
 * @param clusterBits log2 of the bytes of a cluster
 * @param refcountOrder log2 of the bits of a refcount; 4 in version 2
 * @param sizeBytes of the disk
 * @param crypt how the disk is encrypted
 * @param compression how its compressed clusters are compressed
 * @param features none in version 2
 * @param l1Table the active L1 table
 * @param refcountTable its count is clusters
 * @param snapshotTable its count is snapshots
 * @param extensions what the header extensions say
 * @param backingFile name of the backing file as it is written, or null
 * @param unknownFields further fields of the header, which are written as they were read
 */
public record Qcow2Header(
        int version,
        int clusterBits,
        int refcountOrder,
        long sizeBytes,
        CryptMethod crypt,
        CompressionType compression,
        Features features,
        TablePointer l1Table,
        TablePointer refcountTable,
        TablePointer snapshotTable,
        HeaderExtensions extensions,
        @Nullable String backingFile,
        ByteBuffer unknownFields) {
    /** The most bytes of a backing file's name. */
    public static final int MAX_BACKING_FILE_BYTES = 1023;
    /** The most snapshots of an image, as QEMU has it. */
    public static final int MAX_SNAPSHOTS = 65_536;

    public Qcow2Header {
        unknownFields = unknownFields.slice().asReadOnlyBuffer();
    }

    /** The header of an image without tables as yet. */
    public static Qcow2Header of(int version, Qcow2Layout layout, long sizeBytes) {
        return new Qcow2Header(
                version,
                layout.clusterBits(),
                layout.refcountOrder(),
                sizeBytes,
                CryptMethod.NONE,
                CompressionType.ZLIB,
                layout.extendedL2() ? Features.NONE.with(Feature.EXTENDED_L2) : Features.NONE,
                TablePointer.NONE,
                TablePointer.NONE,
                TablePointer.NONE,
                HeaderExtensions.NONE,
                null,
                ByteBuffer.allocate(0));
    }

    @Override
    public ByteBuffer unknownFields() {
        return unknownFields.duplicate();
    }

    /** The sizes and entries of its tables. */
    public Qcow2Layout layout() {
        return new Qcow2Layout(clusterBits, refcountOrder, has(Feature.EXTENDED_L2));
    }

    public boolean has(Feature feature) {
        return features.has(feature);
    }

    /** How it names its backing file, or null. */
    public @Nullable BackingReference backingReference() {
        String format = extensions.backingFormat();
        return backingFile == null ? null : new BackingReference(backingFile, format == null ? "" : format);
    }

    /** Where the directory of bitmaps lies that may be relied on; null where there are none. */
    public @Nullable BitmapDirectoryPointer consistentBitmaps() {
        return has(Feature.BITMAPS) ? extensions.bitmaps() : null;
    }

    /**
     * Refuses an image that cannot be used.
     *
     * @param image its path
     * @param fileBytes where its storage ends
     * @throws DiskImageException CORRUPT, saying what to do
     */
    public void requireUsable(String image, Access access, long fileBytes) throws DiskImageException {
        if (access == Access.READ_WRITE && has(Feature.CORRUPT)) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    image,
                    "it is marked corrupt and may only be read; repair it, or copy what can be read from it");
        }
        if (refcountTable.count() == 0) {
            throw new DiskImageException(Kind.CORRUPT, image, "it has no refcount table; repair it");
        }
        requireWithin(image, "active L1 table", l1Table, fileBytes);
        requireWithin(image, "refcount table", refcountTable, fileBytes);
        requireWithin(image, "snapshot table", snapshotTable, fileBytes);
    }

    private static void requireWithin(String image, String what, TablePointer table, long fileBytes)
            throws DiskImageException {
        if (table.count() > 0 && table.offset() >= fileBytes) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    image,
                    "its " + what + " at byte " + table.offset() + " lies beyond the end of the file, " + fileBytes);
        }
    }

    /**
     * As it has to be when the image is written: without what others left of features that are unknown here, and without
     * bitmaps that do not agree with the disk any more.
     */
    public Qcow2Header forWriting() {
        Qcow2Header cleared = withFeatures(features.withoutUnknownAutoclear());
        return cleared.consistentBitmaps() == null
                ? cleared.withFeatures(cleared.features.without(Feature.BITMAPS))
                        .withExtensions(extensions.withBitmaps(null))
                : cleared;
    }

    public Qcow2Header with(Feature feature) {
        return withFeatures(features.with(feature));
    }

    public Qcow2Header without(Feature feature) {
        return withFeatures(features.without(feature));
    }

    public Qcow2Header withSize(long newSizeBytes) {
        return with(draft -> draft.sizeBytes = newSizeBytes);
    }

    public Qcow2Header withFeatures(Features newFeatures) {
        return with(draft -> draft.features = newFeatures);
    }

    /** With another way to compress, and the feature bit that it asks for. */
    public Qcow2Header withCompression(CompressionType newCompression) {
        return with(draft -> {
            draft.compression = newCompression;
            draft.features = newCompression == CompressionType.ZLIB
                    ? features.without(Feature.COMPRESSION_TYPE)
                    : features.with(Feature.COMPRESSION_TYPE);
        });
    }

    /** With another encryption, whose header lies where the extensions say. */
    public Qcow2Header withCrypt(CryptMethod newCrypt, @Nullable EncryptionHeader encryption) {
        return with(draft -> {
            draft.crypt = newCrypt;
            draft.extensions = extensions.withEncryption(encryption);
        });
    }

    public Qcow2Header withL1Table(TablePointer newL1Table) {
        return with(draft -> draft.l1Table = newL1Table);
    }

    public Qcow2Header withRefcountTable(TablePointer newRefcountTable) {
        return with(draft -> draft.refcountTable = newRefcountTable);
    }

    public Qcow2Header withSnapshotTable(TablePointer newSnapshotTable) {
        return with(draft -> draft.snapshotTable = newSnapshotTable);
    }

    public Qcow2Header withExtensions(HeaderExtensions newExtensions) {
        return with(draft -> draft.extensions = newExtensions);
    }

    /** With another backing file, or none. */
    public Qcow2Header withBacking(@Nullable BackingReference reference) {
        String format = reference == null || reference.format().isEmpty() ? null : reference.format();
        return with(draft -> {
            draft.backingFile = reference == null ? null : reference.path();
            draft.extensions = extensions.withBackingFormat(format);
        });
    }

    private Qcow2Header with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** A header that is being changed. */
    private static final class Draft {
        private int version;
        private int clusterBits;
        private int refcountOrder;
        private long sizeBytes;
        private CryptMethod crypt;
        private CompressionType compression;
        private Features features;
        private TablePointer l1Table;
        private TablePointer refcountTable;
        private TablePointer snapshotTable;
        private HeaderExtensions extensions;
        private @Nullable String backingFile;
        private ByteBuffer unknownFields;

        Draft(Qcow2Header from) {
            version = from.version;
            clusterBits = from.clusterBits;
            refcountOrder = from.refcountOrder;
            sizeBytes = from.sizeBytes;
            crypt = from.crypt;
            compression = from.compression;
            features = from.features;
            l1Table = from.l1Table;
            refcountTable = from.refcountTable;
            snapshotTable = from.snapshotTable;
            extensions = from.extensions;
            backingFile = from.backingFile;
            unknownFields = from.unknownFields;
        }

        Qcow2Header done() {
            return new Qcow2Header(
                    version,
                    clusterBits,
                    refcountOrder,
                    sizeBytes,
                    crypt,
                    compression,
                    features,
                    l1Table,
                    refcountTable,
                    snapshotTable,
                    extensions,
                    backingFile,
                    unknownFields);
        }
    }
}
