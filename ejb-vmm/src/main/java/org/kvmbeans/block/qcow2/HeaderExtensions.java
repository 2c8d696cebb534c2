package org.kvmbeans.block.qcow2;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the header extensions of an image say. The names of features are not kept: whoever writes a header writes those that
 * he knows.
 *
 * @param backingFormat name of the backing file's format
 * @param dataFile name of the external data file
 * @param encryption where the LUKS header lies
 * @param bitmaps where the directory of bitmaps lies, consistent or not: see {@link Qcow2Header#consistentBitmaps}
 * @param unknown the others, in order; they are written as they were read
 */
public record HeaderExtensions(
        @Nullable String backingFormat,
        @Nullable String dataFile,
        @Nullable EncryptionHeader encryption,
        @Nullable BitmapDirectoryPointer bitmaps,
        List<HeaderExtension> unknown) {
    public static final HeaderExtensions NONE = new HeaderExtensions(null, null, null, null, List.of());

    public HeaderExtensions {
        unknown = List.copyOf(unknown);
    }

    public HeaderExtensions withBackingFormat(@Nullable String newBackingFormat) {
        return new HeaderExtensions(newBackingFormat, dataFile, encryption, bitmaps, unknown);
    }

    public HeaderExtensions withDataFile(@Nullable String newDataFile) {
        return new HeaderExtensions(backingFormat, newDataFile, encryption, bitmaps, unknown);
    }

    public HeaderExtensions withEncryption(@Nullable EncryptionHeader newEncryption) {
        return new HeaderExtensions(backingFormat, dataFile, newEncryption, bitmaps, unknown);
    }

    public HeaderExtensions withBitmaps(@Nullable BitmapDirectoryPointer newBitmaps) {
        return new HeaderExtensions(backingFormat, dataFile, encryption, newBitmaps, unknown);
    }
}
