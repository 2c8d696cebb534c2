package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.export.jmx.Registrar;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.Posix;

/** A pool that is open: its images, their MBeans, and the making and unmaking of its files. Any thread may call. */
final class Pool {
    private final PoolConfiguration configuration;
    private final Path directory;
    private final ImageRegistry registry;
    private final PoolScanner scanner;
    private final Registrar registrar;
    private final ImageStores stores;

    private volatile PoolContent content = PoolContent.NONE;
    private boolean closed;

    private Pool(
            ImageStores stores, PoolConfiguration configuration, Path directory, Posix posix, Registrar registrar) {
        this.stores = stores;
        this.configuration = configuration;
        this.directory = directory;
        this.registrar = registrar;
        this.registry = new ImageRegistry(directory);
        this.scanner = new PoolScanner(
                posix,
                stores.inspector(),
                directory,
                registry,
                image -> stores.locations().rulesFor(image));
    }

    /** Opens a pool, and makes its directory where it is missing. */
    static Pool open(ImageStores stores, PoolConfiguration configuration, Posix posix, Registrar registrar)
            throws IOException {
        OwnerOnlyFiles.createFolder(configuration.directory());
        Pool pool = new Pool(stores, configuration, configuration.directory().toRealPath(), posix, registrar);
        pool.scanner.removeAbandoned();
        return pool;
    }

    PoolConfiguration configuration() {
        return configuration;
    }

    String name() {
        return configuration.name();
    }

    /** The directory, with symbolic links followed. */
    Path directory() {
        return directory;
    }

    PoolContent content() {
        return content;
    }

    /** An image as of the last look. */
    Optional<PoolImage> image(String name) {
        return Optional.ofNullable(content.images().get(name));
    }

    /** Looks at the directory, and gives each image its MBean. Where it cannot be read, all stays as it was. */
    synchronized void refresh() {
        if (closed) {
            return;
        }
        PoolContent before = content;
        try {
            content = scanner.scan(before);
        } catch (IOException e) {
            content = before.withProblem(directory + " cannot be read: " + e.getMessage());
            return;
        }
        Set<String> gone = new TreeSet<>(before.images().keySet());
        gone.removeAll(content.images().keySet());
        gone.forEach(name -> registrar.unregister(ObjectNames.image(name(), name)));
        Set<String> come = new TreeSet<>(content.images().keySet());
        come.removeAll(before.images().keySet());
        come.forEach(name -> registrar.register(
                ObjectNames.image(name(), name), new ImageBean(stores, this, name), ImageMXBean.class));
    }

    /** Takes the MBeans of the images away. */
    synchronized void close() {
        closed = true;
        content.images().keySet().forEach(name -> registrar.unregister(ObjectNames.image(name(), name)));
        content = PoolContent.NONE;
    }

    /** What is left of the quota; of the file system where there is none. */
    long remainingBytes() {
        PoolContent now = content;
        return configuration.quotaBytes() == 0
                ? now.freeBytes()
                : Math.max(0, configuration.quotaBytes() - now.usedBytes());
    }

    /**
     * Checks that the quota lets a new file come to take so much.
     *
     * @throws IllegalStateException where it does not
     */
    void requireRoom(String name, long bytes) {
        refresh();
        long quota = configuration.quotaBytes();
        if (quota != 0 && bytes > quota - content.usedBytes()) {
            throw new IllegalStateException("pool " + name() + " has a quota of " + quota + " bytes, of which "
                    + content.usedBytes() + " are used, and " + name + " may come to take " + bytes
                    + "; delete images, make it smaller, or give the pool a larger quota");
        }
    }

    /**
     * Checks that a new image can have a name.
     *
     * @throws IllegalArgumentException where it cannot be one
     * @throws IllegalStateException where a file has it
     */
    Path requireFree(String name) {
        ObjectNames.image(name(), name);
        Path file = directory.resolve(name);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IllegalStateException("pool " + name() + " has a file " + name + " already; choose another name");
        }
        return file;
    }

    /** Where a file is made before it gets its name. */
    Path unfinished(String name) {
        return directory.resolve(
                PoolScanner.UNFINISHED_PREFIX + ProcessHandle.current().pid() + "-" + System.nanoTime() + "-" + name);
    }

    /** Gives a finished file its name, which none may have, and makes an image of it; both last once this returns. */
    void publish(Path unfinished, String name, ImageRegistry.Entry entry) throws IOException {
        Path file = directory.resolve(name);
        synchronized (this) {
            link(unfinished, file);
            OwnerOnlyFiles.flushFolder(file);
            registry.put(name, entry);
        }
        refresh();
    }

    /** Renames without replacing: rename(2) would replace what is there. */
    private static void link(Path unfinished, Path file) throws IOException {
        try {
            Files.createLink(file, unfinished);
        } catch (UnsupportedOperationException | IOException e) {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException("a file " + file + " has come meanwhile; choose another name", e);
            }
            Files.move(unfinished, file); // a file system without hard links
        }
        Files.deleteIfExists(unfinished);
    }

    /** Makes an image of a file that is there, or gives an image another entry. */
    void register(String name, ImageRegistry.Entry entry) {
        ObjectNames.image(name(), name);
        if (!Files.isRegularFile(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
            throw new IllegalArgumentException("name is \"" + name + "\"; pool " + name()
                    + " has no regular file of that name: see UnregisteredFiles");
        }
        change(name, () -> registry.put(name, entry));
    }

    /** Makes a file no image any more; it stays. */
    void unregister(String name) {
        change(name, () -> registry.remove(name));
    }

    /** Deletes an image and its file. */
    void delete(String name) {
        change(name, () -> {
            Files.deleteIfExists(directory.resolve(name));
            OwnerOnlyFiles.flushFolder(directory.resolve(name));
            registry.remove(name);
        });
    }

    private interface Change {
        void run() throws IOException;
    }

    private void change(String name, Change change) {
        synchronized (this) {
            try {
                change.run();
            } catch (IOException e) {
                throw new IllegalStateException(
                        directory.resolve(name) + ": " + e.getMessage() + "; correct the rights of the directory", e);
            }
        }
        refresh();
    }

    /** The format of a file that an image's name stands for; empty where nobody has said it. */
    Optional<DiskFormat> format(String name) {
        return image(name).map(image -> image.entry().format());
    }

    /** Images of this pool that lie on a file. */
    List<String> imagesOn(Path file) {
        List<String> names = new ArrayList<>();
        for (PoolImage image : content.images().values()) {
            if (image.liesOn(file)) {
                names.add(name() + "/" + image.name());
            }
        }
        return names;
    }
}
