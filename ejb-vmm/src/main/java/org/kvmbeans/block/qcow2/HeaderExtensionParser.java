package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Takes the extension area of a header apart (specification, "Header extensions"). */
final class HeaderExtensionParser {
    /** QEMU takes formats whose names are shorter than this. */
    private static final int MAX_FORMAT_BYTES = 15;

    private static final int ENCRYPTION_BYTES = 16;
    private static final int BITMAPS_BYTES = 24;
    private static final int FEATURE_NAME_BYTES = 48;

    private final String image;
    private final int clusterBits;
    private final List<HeaderExtension> all;

    /**
     * @param bytes the first cluster, big-endian
     * @param start where the area begins
     * @param end where it ends at the latest
     */
    HeaderExtensionParser(String image, ByteBuffer bytes, int start, int end, int clusterBits)
            throws DiskImageException {
        this.image = image;
        this.clusterBits = clusterBits;
        this.all = split(bytes, start, end);
    }

    private List<HeaderExtension> split(ByteBuffer bytes, int start, int end) throws DiskImageException {
        List<HeaderExtension> found = new ArrayList<>();
        for (int position = start; end - position >= HeaderExtension.HEAD_BYTES; ) {
            int type = bytes.getInt(position);
            long length = Integer.toUnsignedLong(bytes.getInt(position + 4));
            position += HeaderExtension.HEAD_BYTES;
            if (type == HeaderExtension.END) {
                break;
            }
            if (length > end - position) {
                throw corrupt("its header extension 0x" + Integer.toHexString(type) + " has " + length + " bytes; only "
                        + (end - position) + " are left for it");
            }
            byte[] data = new byte[(int) length];
            bytes.get(position, data);
            found.add(new HeaderExtension(type, ByteBuffer.wrap(data)));
            position += HeaderExtension.padded((int) length);
        }
        return found;
    }

    /** Refuses features that are unknown here, by the names that the image has for them. */
    void requireKnown(Features features) throws DiskImageException {
        long unknown = features.unknown(Feature.Kind.INCOMPATIBLE);
        if (unknown == 0) {
            return;
        }
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((unknown >>> bit & 1) != 0) {
                String name = featureName(Feature.Kind.INCOMPATIBLE, bit);
                names.add(name == null ? "bit " + bit : name + " (bit " + bit + ")");
            }
        }
        throw new DiskImageException(
                Kind.UNSUPPORTED,
                image,
                "it needs features that are not offered: " + String.join(", ", names)
                        + "; open it with the program that wrote it");
    }

    private @Nullable String featureName(Feature.Kind kind, int bit) {
        for (HeaderExtension extension : all) {
            if (extension.type() != HeaderExtension.FEATURE_NAMES) {
                continue;
            }
            ByteBuffer data = extension.data();
            for (int entry = 0; entry + FEATURE_NAME_BYTES <= data.capacity(); entry += FEATURE_NAME_BYTES) {
                if (data.get(entry) == kind.code() && data.get(entry + 1) == bit) {
                    String name = StandardCharsets.UTF_8
                            .decode(data.slice(entry + 2, FEATURE_NAME_BYTES - 2))
                            .toString();
                    int end = name.indexOf('\0');
                    return (end < 0 ? name : name.substring(0, end)).replaceAll("\\p{Cntrl}", "?");
                }
            }
        }
        return null;
    }

    HeaderExtensions parse(CryptMethod crypt, Features features) throws DiskImageException {
        HeaderExtensions result = HeaderExtensions.NONE;
        List<HeaderExtension> unknown = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        for (HeaderExtension extension : all) {
            boolean known = true;
            switch (extension.type()) {
                case HeaderExtension.BACKING_FORMAT -> result = result.withBackingFormat(backingFormat(extension));
                case HeaderExtension.DATA_FILE ->
                    result = result.withDataFile(
                            HeaderParser.text(image, extension.data(), "the name of its data file"));
                case HeaderExtension.ENCRYPTION -> result = result.withEncryption(encryption(extension, crypt));
                case HeaderExtension.BITMAPS -> result = result.withBitmaps(bitmaps(extension, features));
                case HeaderExtension.FEATURE_NAMES -> {}
                default -> {
                    known = false;
                    unknown.add(extension);
                }
            }
            if (known && !seen.add(extension.type())) {
                throw corrupt("it has the header extension 0x" + Integer.toHexString(extension.type())
                        + " twice; each may be there once");
            }
        }
        if (crypt == CryptMethod.LUKS && result.encryption() == null) {
            throw corrupt("it is encrypted by LUKS, but does not say where the LUKS header lies");
        }
        if (features.has(Feature.RAW_EXTERNAL) && !features.has(Feature.EXTERNAL_DATA)) {
            throw corrupt("it says that its data file is a raw image, but not that it has a data file");
        }
        return new HeaderExtensions(
                result.backingFormat(), result.dataFile(), result.encryption(), result.bitmaps(), unknown);
    }

    private String backingFormat(HeaderExtension extension) throws DiskImageException {
        if (extension.data().capacity() > MAX_FORMAT_BYTES) {
            throw corrupt("the name of its backing file's format has "
                    + extension.data().capacity() + " bytes; at most " + MAX_FORMAT_BYTES + " are allowed");
        }
        return HeaderParser.text(image, extension.data(), "the name of its backing file's format");
    }

    private EncryptionHeader encryption(HeaderExtension extension, CryptMethod crypt) throws DiskImageException {
        if (crypt != CryptMethod.LUKS) {
            throw corrupt("it says where a LUKS header lies, but is encrypted by method " + crypt.text());
        }
        ByteBuffer data = fixed(extension, ENCRYPTION_BYTES, "pointer to the LUKS header");
        EncryptionHeader header = new EncryptionHeader(data.getLong(0), data.getLong(8));
        if (!beginsCluster(header.offset())
                || header.bytes() <= 0
                || header.bytes() > EncryptionHeader.MAX_BYTES
                || header.offset() > Long.MAX_VALUE - header.bytes()) {
            throw corrupt("its LUKS header lies at byte " + Long.toUnsignedString(header.offset()) + " and has "
                    + Long.toUnsignedString(header.bytes())
                    + " bytes; it must begin a cluster behind the first and have 1 to "
                    + EncryptionHeader.MAX_BYTES);
        }
        return header;
    }

    private @Nullable BitmapDirectoryPointer bitmaps(HeaderExtension extension, Features features)
            throws DiskImageException {
        ByteBuffer data = fixed(extension, BITMAPS_BYTES, "pointer to the bitmaps");
        long count = Integer.toUnsignedLong(data.getInt(0));
        long bytes = data.getLong(8);
        long offset = data.getLong(16);
        boolean valid = count > 0
                && count <= BitmapDirectoryPointer.MAX_BITMAPS
                && data.getInt(4) == 0
                && bytes > 0
                && bytes <= BitmapDirectoryPointer.MAX_BYTES
                && beginsCluster(offset)
                && offset <= Long.MAX_VALUE - bytes;
        if (valid) {
            return new BitmapDirectoryPointer((int) count, offset, bytes);
        }
        if (!features.has(Feature.BITMAPS)) {
            // Nobody relies on what a program has left that knows no bitmaps.
            return null;
        }
        throw corrupt("its directory of " + count + " bitmaps lies at byte " + Long.toUnsignedString(offset)
                + " and has " + Long.toUnsignedString(bytes) + " bytes; there may be 1 to "
                + BitmapDirectoryPointer.MAX_BITMAPS + " in at most " + BitmapDirectoryPointer.MAX_BYTES
                + " bytes that begin a cluster behind the first");
    }

    private ByteBuffer fixed(HeaderExtension extension, int bytes, String what) throws DiskImageException {
        ByteBuffer data = extension.data().order(ByteOrder.BIG_ENDIAN);
        if (data.capacity() != bytes) {
            throw corrupt("its " + what + " has " + data.capacity() + " bytes; it must have " + bytes);
        }
        return data;
    }

    private boolean beginsCluster(long offset) {
        return offset > 0 && (offset & (1L << clusterBits) - 1) == 0;
    }

    private DiskImageException corrupt(String what) {
        return new DiskImageException(Kind.CORRUPT, image, what);
    }
}
