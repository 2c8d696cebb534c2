package org.kvmbeans.block.format;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.qcow2.Qcow2Image;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.Posix;

/** Opens disk images of every format, and what they lead to. */
public final class DiskImages implements ImageOpener {
    private final Posix posix;

    private DiskImages(Posix posix) {
        this.posix = posix;
    }

    /**
     * Opens an image with all that it lies on, and locks them; {@link DiskImage#close} gives them back.
     *
     * @param path of a regular file or block device
     * @throws DiskImageException saying what would be right: NOT_FOUND, DENIED, READ_ONLY, UNSUPPORTED, LOCKED, CORRUPT
     */
    public static DiskImage open(Posix posix, String path, DiskFormat format, OpenOptions options) throws IOException {
        return new DiskImages(posix).open(path, format, options);
    }

    private DiskImage open(String path, DiskFormat format, OpenOptions options) throws IOException {
        return switch (format) {
            case RAW -> RawImage.open(posix, path, options);
            case QCOW2 -> Qcow2Image.open(posix, openStorage(path, options), this);
        };
    }

    @Override
    public DiskImage openImage(String path, String format, OpenOptions options) throws IOException {
        for (DiskFormat known : DiskFormat.values()) {
            if (known.text().equals(format)) {
                return open(path, known, options);
            }
        }
        throw new DiskImageException(
                Kind.UNSUPPORTED, path, "its format is said to be \"" + format + "\", which is not offered");
    }

    @Override
    public Storage openStorage(String path, OpenOptions options) throws DiskImageException {
        return HostFile.open(posix, path, options);
    }
}
