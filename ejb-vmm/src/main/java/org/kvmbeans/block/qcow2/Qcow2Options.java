package org.kvmbeans.block.qcow2;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;

/**
 * What a new image is to be like. Whatever contradicts itself is refused with {@link IllegalArgumentException}, which says
 * what would be right.
 *
 * @param version 2 or 3
 * @param clusterBytes a power of two from 512 to 2 MiB; at least 16 KiB with {@code extendedL2}
 * @param extendedL2 whether clusters are allocated by subclusters; version 3
 * @param compression of compressed clusters; other than zlib in version 3
 * @param refcountBits a power of two from 1 to 64; 16 in version 2
 * @param lazyRefcounts whether refcounts may be behind while the image is open; version 3
 * @param backing the image below, or null
 * @param dataFile name of a file that has the disk's clusters, or null; version 3
 * @param rawDataFile whether the data file is to be a raw image by itself; without a backing file
 * @param preallocation how much is there from the beginning
 * @param encryption what makes the LUKS header, or null
 */
public record Qcow2Options(
        int version,
        int clusterBytes,
        boolean extendedL2,
        CompressionType compression,
        int refcountBits,
        boolean lazyRefcounts,
        @Nullable BackingReference backing,
        @Nullable String dataFile,
        boolean rawDataFile,
        Preallocation preallocation,
        @Nullable NewEncryption encryption) {
    private static final int MIN_CLUSTER_BYTES = 1 << Qcow2Layout.MIN_CLUSTER_BITS;
    private static final int MAX_CLUSTER_BYTES = 1 << Qcow2Layout.MAX_CLUSTER_BITS;
    private static final int MIN_EXTENDED_CLUSTER_BYTES = 1 << Qcow2Layout.MIN_EXTENDED_CLUSTER_BITS;
    private static final int MAX_REFCOUNT_BITS = 1 << Qcow2Layout.MAX_REFCOUNT_ORDER;
    private static final int REFCOUNT_BITS_OF_V2 = 16;

    /** Version 3 with clusters of 64 KiB, as QEMU makes it. */
    public static final Qcow2Options DEFAULT = new Qcow2Options(
            3,
            1 << 16,
            false,
            CompressionType.ZLIB,
            REFCOUNT_BITS_OF_V2,
            false,
            null,
            null,
            false,
            Preallocation.OFF,
            null);

    public Qcow2Options {
        requirePowerOfTwo("clusterBytes", clusterBytes, MIN_CLUSTER_BYTES, MAX_CLUSTER_BYTES);
        requirePowerOfTwo("refcountBits", refcountBits, 1, MAX_REFCOUNT_BITS);
        require(version == 2 || version == 3, "version is " + version + ": it must be 2 or 3");
        if (version == 2) {
            require(
                    refcountBits == REFCOUNT_BITS_OF_V2,
                    "refcountBits is " + refcountBits + ": with version 2 it must be 16");
            require(!lazyRefcounts, "lazyRefcounts needs version 3");
            require(!extendedL2, "extendedL2 needs version 3");
            require(compression == CompressionType.ZLIB, "compression " + compression.text() + " needs version 3");
            require(dataFile == null, "dataFile needs version 3");
        }
        require(
                !extendedL2 || clusterBytes >= MIN_EXTENDED_CLUSTER_BYTES,
                "clusterBytes is " + clusterBytes + ": with extendedL2 it must be at least "
                        + MIN_EXTENDED_CLUSTER_BYTES);
        require(!rawDataFile || dataFile != null, "rawDataFile needs a dataFile");
        require(
                !rawDataFile || backing == null,
                "rawDataFile and a backing file contradict each other: a raw image has none");
        require(
                !rawDataFile || encryption == null,
                "rawDataFile and encryption contradict each other: a raw image is not encrypted");
        require(dataFile == null || !dataFile.isEmpty(), "dataFile is empty: it must be the name of a file");
        require(
                backing == null || preallocation == Preallocation.OFF || extendedL2,
                "preallocation " + preallocation.text() + " would hide the backing file; with extendedL2 it does not");
        require(
                preallocation == Preallocation.OFF || encryption == null || version == 3,
                "preallocation " + preallocation.text() + " of an encrypted image needs version 3");
        requireName(backing);
    }

    private static void requireName(@Nullable BackingReference backing) {
        if (backing != null) {
            int bytes = backing.path().getBytes(StandardCharsets.UTF_8).length;
            require(
                    bytes > 0 && bytes <= Qcow2Header.MAX_BACKING_FILE_BYTES,
                    "the path of the backing file has " + bytes + " bytes: it must have 1 to "
                            + Qcow2Header.MAX_BACKING_FILE_BYTES);
        }
    }

    private static void requirePowerOfTwo(String name, int value, int least, int most) {
        require(
                value >= least && value <= most && Integer.bitCount(value) == 1,
                name + " is " + value + ": it must be a power of two from " + least + " to " + most);
    }

    private static void require(boolean right, String what) {
        if (!right) {
            throw new IllegalArgumentException(what);
        }
    }

    /** The sizes and entries of the image's tables. */
    public Qcow2Layout layout() {
        return new Qcow2Layout(
                Integer.numberOfTrailingZeros(clusterBytes), Integer.numberOfTrailingZeros(refcountBits), extendedL2);
    }

    /**
     * Refuses a size that the image cannot have.
     *
     * @throws IllegalArgumentException saying which it can
     */
    public void requireSize(long sizeBytes) {
        long most = layout().maxSizeBytes() & -Qcow2Layout.SECTOR_BYTES;
        require(
                sizeBytes >= 0 && sizeBytes <= most && sizeBytes % Qcow2Layout.SECTOR_BYTES == 0,
                "a disk of " + sizeBytes + " bytes: with clusters of " + clusterBytes
                        + " bytes it must be a multiple of " + Qcow2Layout.SECTOR_BYTES + " up to " + most);
    }

    /** What is there from the beginning: a raw data file is only read as the disk where all of it has its place. */
    Preallocation effectivePreallocation() {
        return rawDataFile && preallocation == Preallocation.OFF ? Preallocation.METADATA : preallocation;
    }

    public Qcow2Options withVersion(int newVersion) {
        return with(draft -> draft.version = newVersion);
    }

    /** With other clusters; {@code extended} as {@link #extendedL2}. */
    public Qcow2Options withClusters(int newClusterBytes, boolean extended) {
        return with(draft -> {
            draft.clusterBytes = newClusterBytes;
            draft.extendedL2 = extended;
        });
    }

    public Qcow2Options withCompression(CompressionType newCompression) {
        return with(draft -> draft.compression = newCompression);
    }

    /** With other refcounts; {@code lazy} as {@link #lazyRefcounts}. */
    public Qcow2Options withRefcounts(int newRefcountBits, boolean lazy) {
        return with(draft -> {
            draft.refcountBits = newRefcountBits;
            draft.lazyRefcounts = lazy;
        });
    }

    public Qcow2Options withBacking(@Nullable BackingReference newBacking) {
        return with(draft -> draft.backing = newBacking);
    }

    /** With the disk's clusters in a file of their own; {@code raw} as {@link #rawDataFile}. */
    public Qcow2Options withDataFile(@Nullable String newDataFile, boolean raw) {
        return with(draft -> {
            draft.dataFile = newDataFile;
            draft.rawDataFile = raw;
        });
    }

    public Qcow2Options withPreallocation(Preallocation newPreallocation) {
        return with(draft -> draft.preallocation = newPreallocation);
    }

    public Qcow2Options withEncryption(@Nullable NewEncryption newEncryption) {
        return with(draft -> draft.encryption = newEncryption);
    }

    private Qcow2Options with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** Options that are being changed. */
    private static final class Draft {
        private int version;
        private int clusterBytes;
        private boolean extendedL2;
        private CompressionType compression;
        private int refcountBits;
        private boolean lazyRefcounts;
        private @Nullable BackingReference backing;
        private @Nullable String dataFile;
        private boolean rawDataFile;
        private Preallocation preallocation;
        private @Nullable NewEncryption encryption;

        Draft(Qcow2Options from) {
            version = from.version;
            clusterBytes = from.clusterBytes;
            extendedL2 = from.extendedL2;
            compression = from.compression;
            refcountBits = from.refcountBits;
            lazyRefcounts = from.lazyRefcounts;
            backing = from.backing;
            dataFile = from.dataFile;
            rawDataFile = from.rawDataFile;
            preallocation = from.preallocation;
            encryption = from.encryption;
        }

        Qcow2Options done() {
            return new Qcow2Options(
                    version,
                    clusterBytes,
                    extendedL2,
                    compression,
                    refcountBits,
                    lazyRefcounts,
                    backing,
                    dataFile,
                    rawDataFile,
                    preallocation,
                    encryption);
        }
    }
}
