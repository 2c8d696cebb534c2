package org.kvmbeans.block.format;

import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.LuksImage;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.nbd.NbdClientOptions;
import org.kvmbeans.block.nbd.NbdStorage;
import org.kvmbeans.block.nbd.NbdUri;
import org.kvmbeans.block.qcow2.Qcow2Image;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.Posix;

/**
 * Opens disk images of every format, and what they lead to. An image lies in a file or block device, or in an export of
 * another host, whose NBD URI stands in the place of the path. May be used from any thread.
 */
public final class DiskImages implements ImageOpener {
    private final Posix posix;
    private final NbdClientOptions network;

    /**
     * Makes one.
     *
     * @param network how exports of other hosts are reached
     */
    public DiskImages(Posix posix, NbdClientOptions network) {
        this.posix = posix;
        this.network = network;
    }

    /**
     * Opens an image with all that it lies on, and locks them; {@link DiskImage#close} gives them back. Exports of other
     * hosts are reached in the usual way, without certificates.
     *
     * @param path of a regular file or block device, or an NBD URI
     * @throws DiskImageException saying what would be right: NOT_FOUND, DENIED, READ_ONLY, UNSUPPORTED, LOCKED, CORRUPT
     */
    public static DiskImage open(Posix posix, String path, DiskFormat format, OpenOptions options) throws IOException {
        return new DiskImages(posix, NbdClientOptions.DEFAULT).open(path, format, options);
    }

    /** Opens an image with all that it lies on; as {@link #open(Posix, String, DiskFormat, OpenOptions)}. */
    public DiskImage open(String path, DiskFormat format, OpenOptions options) throws IOException {
        return switch (format) {
            case RAW ->
                NbdUri.is(path) ? RawImage.ofExport(openExport(path, options)) : RawImage.open(posix, path, options);
            case QCOW2 -> Qcow2Image.open(posix, openStorage(path, options), this);
            case LUKS -> openLuks(openStorage(path, options));
        };
    }

    private LuksImage openLuks(Storage storage) throws IOException {
        try {
            return LuksImage.open(posix, storage);
        } catch (IOException | RuntimeException e) {
            storage.close();
            throw e;
        }
    }

    /**
     * Opens an image over one that is open already, in the place of the backing file that it names.
     *
     * @param backing the new image's when this returns; stays the caller's where this fails
     * @throws DiskImageException UNSUPPORTED for a format without backing files; as {@link #open}
     */
    public LayeredImage openOver(String path, DiskFormat format, OpenOptions options, DiskImage backing)
            throws IOException {
        if (format != DiskFormat.QCOW2) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED, path, "format " + format.text() + " has no backing files; qcow2 has");
        }
        return Qcow2Image.openOver(posix, openStorage(path, options), this, backing);
    }

    @Override
    public DiskImage openImage(String path, String format, OpenOptions options) throws IOException {
        DiskFormat known = DiskFormat.of(format)
                .orElseThrow(() -> new DiskImageException(
                        Kind.UNSUPPORTED,
                        path,
                        "format \"" + format + "\" is not offered; these are: "
                                + Arrays.stream(DiskFormat.values())
                                        .map(DiskFormat::text)
                                        .collect(Collectors.joining(", "))));
        return open(path, known, options);
    }

    @Override
    public Storage openStorage(String path, OpenOptions options) throws DiskImageException {
        return NbdUri.is(path) ? openExport(path, options) : HostFile.open(posix, path, options);
    }

    private NbdStorage openExport(String uri, OpenOptions options) throws DiskImageException {
        try {
            return NbdStorage.open(posix, NbdUri.parse(uri), network, options);
        } catch (IllegalArgumentException e) {
            DiskImageException refused = new DiskImageException(Kind.NOT_FOUND, uri, String.valueOf(e.getMessage()));
            refused.initCause(e);
            throw refused;
        }
    }
}
