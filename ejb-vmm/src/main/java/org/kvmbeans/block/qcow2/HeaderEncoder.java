package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * Puts the first cluster of an image together.
 *
 * <p>What a reader relies on stands at its beginning, so that most headers can be changed by writing one sector, which a disk
 * writes as a whole or not at all: extensions first, as many names of features behind them as the sector has room for,
 * and the name of the backing file where it stood, if it is the same.
 */
final class HeaderEncoder {
    static final int SECTOR_BYTES = 512;

    private static final int FEATURE_NAME_BYTES = 48;

    /**
     * A header as it is written.
     *
     * @param bytes the first cluster as far as it is used, at least a sector of it; big-endian
     * @param extensionEnd where the extensions end
     * @param nameOffset where the backing file's name begins; where the extensions end if there is none
     */
    record Encoded(ByteBuffer bytes, int extensionEnd, int nameOffset) {}

    private HeaderEncoder() {}

    /**
     * Encodes a header.
     *
     * @param image the image's path
     * @param oldNameOffset where the name of the backing file is to stay if it can; 0 where there was none
     * @param freeFrom from which byte on nothing is in use as yet
     * @throws DiskImageException UNSUPPORTED where a cluster has no room for it
     */
    static Encoded encode(String image, Qcow2Header header, int oldNameOffset, int freeFrom) throws DiskImageException {
        int clusterBytes = header.layout().clusterBytes();
        byte[] name = name(header);
        List<HeaderExtension> extensions = extensions(header);
        int fixedBytes = header.version() == 2
                ? HeaderParser.V2_BYTES
                : HeaderParser.KNOWN_V3_BYTES + header.unknownFields().capacity();
        int extensionEnd = fixedBytes + HeaderExtension.HEAD_BYTES;
        for (HeaderExtension extension : extensions) {
            extensionEnd += extension.storedBytes();
        }
        if (header.version() > 2) {
            int room = Math.min(clusterBytes - name.length, SECTOR_BYTES) - extensionEnd - HeaderExtension.HEAD_BYTES;
            if (room >= FEATURE_NAME_BYTES) {
                HeaderExtension names = featureNames(room / FEATURE_NAME_BYTES);
                extensions.add(names);
                extensionEnd += names.storedBytes();
            }
        }
        int nameOffset = nameOffset(name.length, extensionEnd, oldNameOffset, freeFrom, clusterBytes);
        int usedBytes = nameOffset + name.length;
        if (usedBytes > clusterBytes) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    image,
                    "its header would have " + usedBytes + " bytes, more than a cluster of " + clusterBytes
                            + "; use shorter names of files, or larger clusters");
        }
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.max(SECTOR_BYTES, usedBytes)).order(ByteOrder.BIG_ENDIAN);
        putFields(bytes, header, fixedBytes, name.length == 0 ? 0 : nameOffset, name.length);
        putExtensions(bytes.position(fixedBytes), extensions);
        bytes.put(nameOffset, name, 0, name.length);
        return new Encoded(bytes.clear(), extensionEnd, nameOffset);
    }

    private static byte[] name(Qcow2Header header) {
        String name = header.backingFile();
        byte[] bytes = name == null ? new byte[0] : name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > Qcow2Header.MAX_BACKING_FILE_BYTES) {
            throw new IllegalArgumentException("the name of a backing file has " + bytes.length + " bytes; it may have "
                    + Qcow2Header.MAX_BACKING_FILE_BYTES);
        }
        return bytes;
    }

    /** Where the name stands; beside the present one, where that is not to change and there is room. */
    private static int nameOffset(int length, int extensionEnd, int oldOffset, int freeFrom, int clusterBytes) {
        if (length == 0) {
            return extensionEnd;
        }
        if (oldOffset >= extensionEnd) {
            return oldOffset;
        }
        int fresh = Math.max(extensionEnd, freeFrom);
        return fresh + length <= clusterBytes ? fresh : extensionEnd;
    }

    private static List<HeaderExtension> extensions(Qcow2Header header) {
        HeaderExtensions known = header.extensions();
        List<HeaderExtension> result = new ArrayList<>();
        if (known.encryption() != null) {
            result.add(new HeaderExtension(
                    HeaderExtension.ENCRYPTION,
                    ByteBuffer.allocate(16)
                            .putLong(0, known.encryption().offset())
                            .putLong(8, known.encryption().bytes())));
        }
        BitmapDirectoryPointer bitmaps = known.bitmaps();
        if (bitmaps != null) {
            result.add(new HeaderExtension(
                    HeaderExtension.BITMAPS,
                    ByteBuffer.allocate(24)
                            .putInt(0, bitmaps.count())
                            .putLong(8, bitmaps.bytes())
                            .putLong(16, bitmaps.offset())));
        }
        if (known.backingFormat() != null) {
            result.add(new HeaderExtension(HeaderExtension.BACKING_FORMAT, known.backingFormat()));
        }
        if (known.dataFile() != null) {
            result.add(new HeaderExtension(HeaderExtension.DATA_FILE, known.dataFile()));
        }
        result.addAll(known.unknown());
        return result;
    }

    private static HeaderExtension featureNames(int room) {
        Feature[] features = Feature.values();
        int count = Math.min(features.length, room);
        ByteBuffer table = ByteBuffer.allocate(count * FEATURE_NAME_BYTES);
        for (int i = 0; i < count; i++) {
            Feature feature = features[i];
            table.put(i * FEATURE_NAME_BYTES, (byte) feature.kind().code())
                    .put(i * FEATURE_NAME_BYTES + 1, (byte) feature.bit())
                    .put(i * FEATURE_NAME_BYTES + 2, feature.text().getBytes(StandardCharsets.UTF_8));
        }
        return new HeaderExtension(HeaderExtension.FEATURE_NAMES, table);
    }

    private static void putFields(
            ByteBuffer bytes, Qcow2Header header, int headerBytes, int nameOffset, int nameBytes) {
        bytes.putInt(0, HeaderParser.MAGIC)
                .putInt(4, header.version())
                .putLong(8, nameOffset)
                .putInt(16, nameBytes)
                .putInt(20, header.clusterBits())
                .putLong(24, header.sizeBytes())
                .putInt(32, header.crypt().code())
                .putInt(36, header.l1Table().count())
                .putLong(40, header.l1Table().offset())
                .putLong(48, header.refcountTable().offset())
                .putInt(56, header.refcountTable().count())
                .putInt(60, header.snapshotTable().count())
                .putLong(64, header.snapshotTable().offset());
        if (header.version() > 2) {
            bytes.putLong(72, header.features().incompatible())
                    .putLong(80, header.features().compatible())
                    .putLong(88, header.features().autoclear())
                    .putInt(96, header.refcountOrder())
                    .putInt(100, headerBytes)
                    .put(104, (byte) header.compression().code());
            ByteBuffer unknown = header.unknownFields();
            bytes.put(HeaderParser.KNOWN_V3_BYTES, unknown, 0, unknown.capacity());
        }
    }

    private static void putExtensions(ByteBuffer bytes, List<HeaderExtension> extensions) {
        for (HeaderExtension extension : extensions) {
            int next = bytes.position() + extension.storedBytes();
            bytes.putInt(extension.type()).putInt(extension.data().capacity()).put(extension.data());
            bytes.position(next);
        }
        bytes.putInt(HeaderExtension.END).putInt(0);
    }
}
