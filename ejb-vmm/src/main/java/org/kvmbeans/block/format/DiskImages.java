package org.kvmbeans.block.format;

import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.Posix;

/** Opens disk images. */
public final class DiskImages {
    private DiskImages() {}

    /**
     * Opens an image and locks it; {@link DiskImage#close} gives it back.
     *
     * @param path of a regular file or block device
     * @throws DiskImageException saying what would be right: NOT_FOUND, DENIED, READ_ONLY, UNSUPPORTED, LOCKED, CORRUPT
     */
    public static DiskImage open(Posix posix, String path, DiskFormat format, OpenOptions options)
            throws DiskImageException {
        return switch (format) {
            case RAW -> RawImage.open(posix, path, options);
        };
    }
}
