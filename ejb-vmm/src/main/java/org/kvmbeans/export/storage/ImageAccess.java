package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.block.nbd.NbdClientOptions;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.sys.Posix;

/** Opens images by the rules of their pools, with the secrets that are known of them. Any thread may call. */
final class ImageAccess {
    private final Posix posix;
    private final ImageStores stores;
    private final Secrets secrets;
    private final DiskImages opener;

    ImageAccess(Posix posix, ImageStores stores, Secrets secrets) {
        this.posix = posix;
        this.stores = stores;
        this.secrets = secrets;
        this.opener = new DiskImages(posix, NbdClientOptions.DEFAULT);
    }

    /** Opens what images lead to. */
    DiskImages opener() {
        return opener;
    }

    /** How an image is opened: which files it may lead to is its pool's to say, and whose secret opens it the registry's. */
    OpenOptions options(Path image, Access access, CacheMode cache) {
        return options(image, access, cache, "");
    }

    /** @param otherwise the secret of images of which no registry names one; empty for none */
    OpenOptions options(Path image, Access access, CacheMode cache, String otherwise) {
        SecretSource source = path -> read(path, secretOf(Path.of(path), otherwise));
        return new OpenOptions(access, cache, stores.locations().rulesFor(image), source);
    }

    /** The same for an image that is being made, whose secret no registry names yet; empty for none. */
    OpenOptions optionsOfNew(Path image, CacheMode cache, String secret) {
        SecretSource source = path ->
                read(path, !secret.isEmpty() && path.equals(image.toString()) ? secret : secretOf(Path.of(path), ""));
        return new OpenOptions(Access.READ_WRITE, cache, stores.locations().rulesFor(image), source);
    }

    /** The passphrase of an image that its pool's registry names a secret for. */
    byte[] passphrase(Path image) throws DiskImageException {
        return read(image.toString(), secretOf(image, ""));
    }

    private String secretOf(Path image, String otherwise) throws DiskImageException {
        String registered = stores.pools()
                .imageAt(image)
                .map(known -> known.entry().secret())
                .orElse("");
        String secret = registered.isEmpty() ? otherwise : registered;
        if (secret.isEmpty()) {
            throw new DiskImageException(
                    Kind.DENIED,
                    image.toString(),
                    "it is encrypted, and no secret is named for it; define one, and name it with useSecret");
        }
        return secret;
    }

    private byte[] read(String image, String secret) throws DiskImageException {
        try {
            return secrets.read(secret);
        } catch (IOException e) {
            DiskImageException denied = new DiskImageException(Kind.DENIED, image, String.valueOf(e.getMessage()));
            denied.initCause(e);
            throw denied;
        }
    }

    /** Opens an image of a pool with all that it lies on. */
    DiskImage open(PoolImage image, Access access) throws IOException {
        return open(image.path(), image.entry().format(), access);
    }

    /** Opens an image with all that it lies on. */
    DiskImage open(Path image, DiskFormat format, Access access) throws IOException {
        return open(image, format, access, CacheMode.WRITEBACK);
    }

    /** Opens an image with all that it lies on. */
    DiskImage open(Path image, DiskFormat format, Access access, CacheMode cache) throws IOException {
        return opener.open(image.toString(), format, options(image, access, cache));
    }

    /** Opens the file of an image as it is. */
    Storage openFile(PoolImage image, Access access) throws IOException {
        return HostFile.open(posix, image.path().toString(), options(image.path(), access, CacheMode.WRITEBACK));
    }

    /** How an image in {@code directory} names another as its backing file: by its name alone where it lies beside it. */
    static BackingReference reference(Path directory, PoolImage below) {
        boolean beside = directory.equals(below.path().getParent());
        return new BackingReference(
                beside ? below.name() : below.path().toString(),
                below.entry().format().text());
    }

    /** An image's file and those that it lies on. */
    static Set<Path> files(PoolImage image) {
        Set<Path> files = new TreeSet<>(Set.of(image.path()));
        for (ImageLayer layer : image.facts().chain()) {
            if (layer.problem().isEmpty()) {
                files.add(Path.of(layer.path()));
            }
        }
        return files;
    }
}
