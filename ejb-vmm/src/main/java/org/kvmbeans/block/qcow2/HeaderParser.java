package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Takes the first cluster of an image apart, and refuses whatever is not as the specification has it. */
final class HeaderParser {
    static final int MAGIC = 0x5146_49FB;
    static final int V2_BYTES = 72;
    static final int MIN_V3_BYTES = 104;
    /** Version 3 with the compression type and the padding behind it. */
    static final int KNOWN_V3_BYTES = 112;

    private static final int REFCOUNT_ORDER_OF_V2 = 4;
    /** A snapshot's entry without anything of variable length. */
    private static final int MIN_SNAPSHOT_BYTES = 40;

    private final String image;
    private final ByteBuffer bytes;

    /**
     * @param image the image's path
     * @param bytes its first cluster, or as much of it as tells the size of a cluster
     */
    HeaderParser(String image, ByteBuffer bytes) {
        this.image = image;
        this.bytes = bytes.slice().order(ByteOrder.BIG_ENDIAN);
    }

    /** log2 of the bytes of a cluster. */
    int clusterBits() throws DiskImageException {
        if (bytes.capacity() < V2_BYTES || bytes.getInt(0) != MAGIC) {
            throw unsupported("it does not begin as a qcow2 image does; correct the format that it is given");
        }
        int version = bytes.getInt(4);
        if (version != 2 && version != 3) {
            throw unsupported("it is qcow2 of version " + Integer.toUnsignedString(version) + "; 2 and 3 are offered");
        }
        long bits = unsigned(20);
        if (bits < Qcow2Layout.MIN_CLUSTER_BITS || bits > Qcow2Layout.MAX_CLUSTER_BITS) {
            throw unsupported("its clusters have 2^" + bits + " bytes; 2^9 to 2^21 are offered");
        }
        return (int) bits;
    }

    /** The header; the bytes are those of the whole cluster. */
    Qcow2Header parse() throws DiskImageException {
        int clusterBits = clusterBits();
        int version = bytes.getInt(4);
        int headerBytes = headerBytes(version);
        int nameOffset = nameOffset(headerBytes);
        Features features =
                version == 2 ? Features.NONE : new Features(bytes.getLong(72), bytes.getLong(80), bytes.getLong(88));
        HeaderExtensionParser extensions =
                new HeaderExtensionParser(image, bytes, headerBytes, nameOffset, clusterBits);
        extensions.requireKnown(features);
        Qcow2Layout layout = layout(version, clusterBits, features);
        CryptMethod crypt = crypt();
        return new Qcow2Header(
                version,
                clusterBits,
                layout.refcountOrder(),
                size(layout),
                crypt,
                compression(headerBytes, features),
                features,
                l1Table(layout),
                table(
                        "refcount table",
                        48,
                        56,
                        layout,
                        layout.clusterBytes(),
                        Qcow2Layout.MAX_REFCOUNT_TABLE_BYTES / layout.clusterBytes()),
                table("snapshot table", 64, 60, layout, MIN_SNAPSHOT_BYTES, Qcow2Header.MAX_SNAPSHOTS),
                extensions.parse(crypt, features),
                backingFile(nameOffset),
                headerBytes > KNOWN_V3_BYTES ? copy(KNOWN_V3_BYTES, headerBytes) : ByteBuffer.allocate(0));
    }

    private int headerBytes(int version) throws DiskImageException {
        if (version == 2) {
            return V2_BYTES;
        }
        long length = unsigned(100);
        if (length < MIN_V3_BYTES || length > bytes.capacity() || length % 8 != 0) {
            throw corrupt("its header says to have " + length + " bytes; it must be a multiple of 8 from "
                    + MIN_V3_BYTES + " to the " + bytes.capacity() + " of a cluster");
        }
        return (int) length;
    }

    /** Where the backing file's name begins; where there is none, the end of the cluster. */
    private int nameOffset(int headerBytes) throws DiskImageException {
        long offset = bytes.getLong(8);
        if (offset == 0) {
            return bytes.capacity();
        }
        if (offset < headerBytes || offset > bytes.capacity()) {
            throw corrupt("the name of its backing file begins at byte " + Long.toUnsignedString(offset)
                    + "; it must lie behind the header, within the first cluster");
        }
        return (int) offset;
    }

    private @Nullable String backingFile(int nameOffset) throws DiskImageException {
        long length = unsigned(16);
        if (bytes.getLong(8) == 0 || length == 0) {
            return null;
        }
        if (length > Math.min(Qcow2Header.MAX_BACKING_FILE_BYTES, bytes.capacity() - nameOffset)) {
            throw corrupt("the name of its backing file has " + length + " bytes; it may have "
                    + Qcow2Header.MAX_BACKING_FILE_BYTES + ", and must end within the first cluster");
        }
        return text(image, bytes.slice(nameOffset, (int) length), "the name of its backing file");
    }

    /** A name out of the image, which must be one that can be passed on as it is. */
    static String text(String image, ByteBuffer bytes, String what) throws DiskImageException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.duplicate())
                    .toString();
            if (text.indexOf('\0') >= 0) {
                throw new DiskImageException(Kind.CORRUPT, image, what + " has a byte 0 in it");
            }
            return text;
        } catch (CharacterCodingException e) {
            throw new DiskImageException(Kind.UNSUPPORTED, image, what + " is not UTF-8; rename it");
        }
    }

    private Qcow2Layout layout(int version, int clusterBits, Features features) throws DiskImageException {
        long order = version == 2 ? REFCOUNT_ORDER_OF_V2 : unsigned(96);
        if (order > Qcow2Layout.MAX_REFCOUNT_ORDER) {
            throw corrupt("its refcounts have 2^" + order + " bits; at most 2^6 are allowed");
        }
        boolean extended = features.has(Feature.EXTENDED_L2);
        if (extended && clusterBits < Qcow2Layout.MIN_EXTENDED_CLUSTER_BITS) {
            throw corrupt("it has extended L2 entries with clusters of 2^" + clusterBits
                    + " bytes; at least 2^14 are needed");
        }
        return new Qcow2Layout(clusterBits, (int) order, extended);
    }

    private long size(Qcow2Layout layout) throws DiskImageException {
        long size = bytes.getLong(24);
        if (size < 0 || size > layout.maxSizeBytes()) {
            throw corrupt("its disk has " + Long.toUnsignedString(size) + " bytes; with its clusters, at most "
                    + layout.maxSizeBytes() + " are allowed");
        }
        return size;
    }

    private CryptMethod crypt() throws DiskImageException {
        long code = unsigned(32);
        CryptMethod method = CryptMethod.of(code);
        if (method == null) {
            throw unsupported("it is encrypted by method " + code + "; 0 to 2 (none, aes, luks) are offered");
        }
        return method;
    }

    private CompressionType compression(int headerBytes, Features features) throws DiskImageException {
        int code = headerBytes > MIN_V3_BYTES ? Byte.toUnsignedInt(bytes.get(MIN_V3_BYTES)) : 0;
        CompressionType type = CompressionType.of(code);
        if (type == null) {
            throw unsupported("it is compressed by type " + code + "; 0 and 1 (zlib, zstd) are offered");
        }
        if ((type != CompressionType.ZLIB) != features.has(Feature.COMPRESSION_TYPE)) {
            throw corrupt("its compression type is " + type.text()
                    + ", which contradicts the feature bit for types other than zlib");
        }
        return type;
    }

    private TablePointer l1Table(Qcow2Layout layout) throws DiskImageException {
        TablePointer l1 = table("active L1 table", 40, 36, layout, Long.BYTES, Qcow2Layout.MAX_L1_BYTES / Long.BYTES);
        long needed = layout.l1EntriesFor(bytes.getLong(24));
        if (l1.count() < needed) {
            throw corrupt("its active L1 table has " + l1.count() + " entries; the size of its disk needs " + needed);
        }
        return l1;
    }

    private TablePointer table(
            String what, int offsetField, int countField, Qcow2Layout layout, int entryBytes, int limit)
            throws DiskImageException {
        long offset = bytes.getLong(offsetField);
        long count = unsigned(countField);
        if (count > limit) {
            throw corrupt(
                    "its " + what + " has " + count + (entryBytes == layout.clusterBytes() ? " clusters" : " entries")
                            + "; at most " + limit + " are allowed");
        }
        // Where there is none, the offset says nothing; some programs leave it as it was.
        if (count > 0 && (offset <= 0 || !layout.aligned(offset) || offset > Long.MAX_VALUE - count * entryBytes)) {
            throw corrupt("its " + what + " lies at byte " + Long.toUnsignedString(offset)
                    + "; it must begin a cluster behind the first");
        }
        return new TablePointer(offset, (int) count);
    }

    private ByteBuffer copy(int from, int to) {
        byte[] copy = new byte[to - from];
        bytes.get(from, copy);
        return ByteBuffer.wrap(copy);
    }

    private long unsigned(int offset) {
        return Integer.toUnsignedLong(bytes.getInt(offset));
    }

    private DiskImageException corrupt(String what) {
        return new DiskImageException(Kind.CORRUPT, image, what);
    }

    private DiskImageException unsupported(String what) {
        return new DiskImageException(Kind.UNSUPPORTED, image, what);
    }
}
