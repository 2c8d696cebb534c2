package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.qcow2.NewEncryption;
import org.kvmbeans.block.qcow2.NewLuksEncryption;
import org.kvmbeans.block.qcow2.Qcow2Creator;
import org.kvmbeans.block.qcow2.Qcow2Image;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/** Makes qcow2 image files. */
public final class Qcow2Maker implements ImageMaker {
    private final Posix posix;
    private final ImageOpener opener;
    private final OpenOptions options;
    private final Qcow2Options format;
    private final Clusters clusters;

    /** How clusters are written. */
    public enum Clusters {
        /** As they are. */
        PLAIN,
        /** Compressed, where that makes them smaller. */
        COMPRESSED
    }

    /**
     * Makes a maker.
     *
     * @param opener opens backing files
     * @param options how images are opened to be filled, and backing files to be read; with the passphrase where the image
     *     is to be encrypted
     * @param format without a data file, which would be found half-made where an operation fails
     */
    public Qcow2Maker(Posix posix, ImageOpener opener, OpenOptions options, Qcow2Options format, Clusters clusters) {
        if (format.dataFile() != null) {
            throw new IllegalArgumentException(
                    "an image with a data file cannot be made in one step: create it first, and copy to it then");
        }
        this.posix = posix;
        this.opener = opener;
        this.options = NewFile.named(options.withAccess(Access.READ_WRITE));
        this.format = format;
        this.clusters = clusters;
    }

    @Override
    public void make(Path path, long sizeBytes) throws IOException {
        NewFile.create(path);
        try (HostFile file = HostFile.open(posix, path.toString(), options)) {
            Qcow2Creator.create(posix, file, null, sizeBytes, format, Progress.NONE);
        }
    }

    /** The encryption of a new image, with the passphrase that the storage's options have for it. */
    public static NewEncryption encryption(Posix posix, LuksOptions options) {
        return new NewEncryption() {
            @Override
            public long headerBytes() {
                return options.headerBytes();
            }

            @Override
            public void writeHeader(Storage storage, long offset) throws IOException {
                byte[] passphrase = storage.options().secrets().passphrase(storage.name());
                try {
                    new NewLuksEncryption(posix, options, passphrase).writeHeader(storage, offset);
                } finally {
                    Arrays.fill(passphrase, (byte) 0);
                }
            }
        };
    }

    @Override
    public DiskImage open(Path path) throws IOException {
        return Qcow2Image.open(posix, opener.openStorage(path.toString(), options), opener);
    }

    @Override
    public int unitBytes() {
        return format.clusterBytes();
    }

    @Override
    public @Nullable DiskImage openBacking(Path path) throws IOException {
        BackingReference backing = format.backing();
        return backing == null
                ? null
                : opener.openImage(
                        options.rules().resolve(path.toString(), backing.path()),
                        backing.format(),
                        options.withAccess(Access.READ_ONLY));
    }

    @Override
    public void write(DiskImage image, long offset, IoVector source) throws IOException {
        if (clusters == Clusters.PLAIN || !(image instanceof Qcow2Image qcow2)) {
            image.write(offset, source);
            return;
        }
        IoVector cluster = new IoVector(posix, 1);
        for (long done = 0; done < source.totalBytes(); done += cluster.totalBytes()) {
            source.sliceInto(cluster, done, Math.min(qcow2.clusterBytes(), source.totalBytes() - done));
            qcow2.writeCompressed(offset + done, cluster);
        }
    }
}
