package org.kvmbeans.export.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** The pools that are open, by name, and the images in them. Any thread may call. */
final class OpenPools {
    private final ConcurrentNavigableMap<String, Pool> pools = new ConcurrentSkipListMap<>();

    void add(Pool pool) {
        pools.put(pool.name(), pool);
    }

    void remove(String name) {
        pools.remove(name);
    }

    void clear() {
        pools.clear();
    }

    /** All of them, in the order of their names. */
    Collection<Pool> all() {
        return pools.values();
    }

    /** Looks at their directories anew. */
    void refresh() {
        pools.values().forEach(Pool::refresh);
    }

    @Nullable
    Pool find(String name) {
        return pools.get(name);
    }

    /** The pool of a name. */
    Pool pool(String name) {
        Pool pool = pools.get(name);
        if (pool == null) {
            throw new IllegalArgumentException(
                    "pool is \"" + name + "\"; there is no such pool: see ImageStores of Host");
        }
        return pool;
    }

    /** The image of a name in a pool. */
    PoolImage image(String pool, String name) {
        return pool(pool)
                .image(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "image is \"" + name + "\"; pool " + pool + " has no such image: see its Images"));
    }

    /** The image that a text names as {@code POOL/FILE}; null for an empty text. */
    @Nullable
    PoolImage backing(String text) {
        if (text.isEmpty()) {
            return null;
        }
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("backing is \"" + text + "\"; give an image as POOL/FILE, or nothing");
        }
        return image(text.substring(0, slash), text.substring(slash + 1));
    }

    /** The image of a pool that a path leads to. */
    Optional<PoolImage> imageAt(Path path) {
        Path real = ImageLocations.real(path);
        return pools.values().stream()
                .filter(pool -> pool.directory().equals(real.getParent()))
                .findFirst()
                .flatMap(pool -> pool.image(String.valueOf(real.getFileName())));
    }

    /** The images that lie on a file, as {@code POOL/FILE}, as of now. */
    List<String> imagesOn(Path file) {
        refresh();
        List<String> names = new ArrayList<>();
        pools.values().forEach(pool -> names.addAll(pool.imagesOn(file)));
        return names;
    }
}
