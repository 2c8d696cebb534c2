package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.check.CheckResult;
import org.kvmbeans.block.qcow2.check.Qcow2Check;
import org.kvmbeans.block.qcow2.check.Repair;
import org.kvmbeans.sys.Posix;

/** Opens an image with all images below it, one after the other from the top, and puts them together from the bottom. */
final class Qcow2Opening {
    private static final String QCOW2 = "qcow2";

    private final Posix posix;
    private final ImageOpener opener;
    private final Scratch.Pool scratches;
    private final List<Layer> layers = new ArrayList<>();
    private final Set<String> paths = new HashSet<>();
    /** The image below the last layer, of another format. */
    private @Nullable DiskImage bottom;

    /** An image that is open, but not yet what is below it. */
    private record Layer(Storage storage, @Nullable Storage dataFile, Qcow2HeaderFile headerFile) {
        void close() throws IOException {
            try {
                if (dataFile != null) {
                    dataFile.close();
                }
            } finally {
                storage.close();
            }
        }
    }

    Qcow2Opening(Posix posix, ImageOpener opener) {
        this.posix = posix;
        this.opener = opener;
        this.scratches = new Scratch.Pool(posix);
    }

    /** Opens the image that a storage holds, which is the image's from now on, and closed where this fails. */
    Qcow2Image open(Storage storage) throws IOException {
        try {
            openLayers(storage);
            return assemble();
        } catch (IOException | RuntimeException e) {
            closeAll(e);
            throw e;
        }
    }

    /** Opens the image that a storage holds alone, over one that is open already. */
    Qcow2Image openOver(Storage storage, DiskImage backing) throws IOException {
        try {
            Layer layer = openLayer(storage);
            BackingReference reference = layer.headerFile().header().backingReference();
            if (reference == null) {
                throw new DiskImageException(Kind.UNSUPPORTED, storage.name(), "it names no backing file to lie over");
            }
            return Qcow2Image.of(
                    posix,
                    layer.storage(),
                    layer.dataFile(),
                    layer.headerFile(),
                    Backing.of(reference, backing),
                    scratches);
        } catch (IOException | RuntimeException e) {
            closeAll(e);
            throw e;
        }
    }

    private void openLayers(Storage top) throws IOException {
        Storage storage = top;
        while (true) {
            Layer layer = openLayer(storage);
            BackingReference reference = layer.headerFile().header().backingReference();
            if (reference == null) {
                return;
            }
            OpenOptions below = top.options().withAccess(Access.READ_ONLY);
            String path = resolve(storage.name(), reference, below.rules());
            if (!reference.format().equals(QCOW2)) {
                bottom = opener.openImage(path, reference.format(), below);
                return;
            }
            storage = opener.openStorage(path, below);
        }
    }

    /** The storage is among the layers whatever happens. */
    private Layer openLayer(Storage storage) throws IOException {
        Layer layer;
        try {
            Qcow2HeaderFile headerFile = openHeader(storage);
            Qcow2Header header = headerFile.header();
            layer = new Layer(storage, openDataFile(storage, header), headerFile);
        } catch (IOException | RuntimeException e) {
            storage.close();
            throw e;
        }
        layers.add(layer);
        return layer;
    }

    /** Refcounts that were not written when the image was last in use are rebuilt before it is written again. */
    private Qcow2HeaderFile openHeader(Storage storage) throws IOException {
        Access access = storage.options().access();
        Qcow2HeaderFile headerFile = Qcow2HeaderFile.open(posix, storage);
        headerFile.header().requireUsable(storage.name(), access, storage.sizeBytes());
        if (access == Access.READ_ONLY || !headerFile.header().has(Feature.DIRTY)) {
            return headerFile;
        }
        CheckResult result = Qcow2Check.repair(posix, storage, Repair.ALL, Progress.NONE);
        if (result.corruptions() > 0 || result.checkErrors() > 0) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    storage.name(),
                    "it was not closed, and could not be repaired; it may be read, and be repaired otherwise");
        }
        return Qcow2HeaderFile.open(posix, storage);
    }

    private @Nullable Storage openDataFile(Storage storage, Qcow2Header header) throws IOException {
        if (!header.has(Feature.EXTERNAL_DATA)) {
            return null;
        }
        String reference = header.extensions().dataFile();
        if (reference == null) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    storage.name(),
                    "its disk's clusters lie in a data file that it does not name; set its data_file option");
        }
        OpenOptions options = storage.options();
        return opener.openStorage(options.rules().resolve(storage.name(), reference), options);
    }

    private String resolve(String image, BackingReference reference, ImageRules rules) throws DiskImageException {
        if (reference.format().isEmpty()) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    image,
                    "it does not say which format its backing file " + reference.path()
                            + " has, and formats are not guessed; write it into the image"
                            + " (qemu-img rebase -u -b FILE -F FORMAT)");
        }
        String path = rules.resolve(image, reference.path());
        paths.add(image);
        if (!paths.add(path)) {
            throw new DiskImageException(Kind.CORRUPT, image, "its backing file " + path + " lies over it itself");
        }
        if (layers.size() >= ImageRules.MAX_CHAIN) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    layers.get(0).storage().name(),
                    "its chain of backing files is longer than " + ImageRules.MAX_CHAIN
                            + " images; commit some of them");
        }
        return path;
    }

    private Qcow2Image assemble() throws IOException {
        Backing below = null;
        BackingReference reference =
                layers.get(layers.size() - 1).headerFile().header().backingReference();
        if (bottom != null && reference != null) {
            below = new Backing(reference, bottom, null);
        }
        while (true) {
            int index = layers.size() - 1;
            Layer layer = layers.get(index);
            Qcow2Image image =
                    Qcow2Image.of(posix, layer.storage(), layer.dataFile(), layer.headerFile(), below, scratches);
            // From here on what is below is the image's, and closed with it.
            layers.remove(index);
            bottom = image;
            if (index == 0) {
                return image;
            }
            BackingReference name = layers.get(index - 1).headerFile().header().backingReference();
            if (name == null) {
                throw new IllegalStateException("an image below one that names none");
            }
            below = new Backing(name, image, image.reader());
        }
    }

    private void closeAll(Exception cause) {
        try {
            if (bottom != null) {
                bottom.close();
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        for (Layer layer : layers) {
            try {
                layer.close();
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }
}
