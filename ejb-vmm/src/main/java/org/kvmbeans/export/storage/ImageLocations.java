package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.mbeans.DiskPathPolicy;

/**
 * Where images may lie. Every path is judged as the file that it leads to, with its symbolic links followed, so that neither
 * {@code ..} nor a link leads out of a pool. Immutable; any thread may call.
 */
final class ImageLocations {
    private final StoreConfiguration configuration;

    ImageLocations(StoreConfiguration configuration) {
        this.configuration = configuration;
    }

    /** The pool whose directory, or a folder in it, a file lies in. */
    Optional<PoolConfiguration> poolOf(Path file) {
        Path real = real(file);
        return configuration.pools().stream()
                .filter(pool -> real.startsWith(real(pool.directory())))
                .findFirst();
    }

    /** What is wrong with a path that a definition names, and what would be right; empty where nothing is. */
    String problemOfDefinition(Path path) {
        if (configuration.policy() != DiskPathPolicy.POOLS || poolOf(path).isPresent()) {
            return "";
        }
        return "it lies in no pool, and this host opens only what does (DiskPathPolicy POOLS); give a path in one of "
                + configuration.pools().stream()
                        .map(pool -> pool.directory().toString())
                        .collect(Collectors.joining(", "));
    }

    /** Which further files an image may lead to, whoever wrote what stands in it. */
    ImageRules rulesFor(Path image) {
        if (configuration.policy() == DiskPathPolicy.ANYWHERE) {
            return ImageRules.ANY;
        }
        List<Path> allowed = new ArrayList<>();
        Optional<PoolConfiguration> own = poolOf(image);
        for (PoolConfiguration pool : configuration.pools()) {
            if (own.isEmpty() || own.get().equals(pool)) {
                allowed.add(pool.directory());
                allowed.addAll(pool.backingDirectories());
            }
        }
        return (from, reference) -> resolve(allowed, from, reference);
    }

    private static String resolve(List<Path> allowed, String from, String reference) throws DiskImageException {
        Path real;
        try {
            real = Path.of(from).toAbsolutePath().resolveSibling(reference).toRealPath();
        } catch (NoSuchFileException e) {
            throw new DiskImageException(Kind.NOT_FOUND, from, "it leads to " + reference + ", which is not there");
        } catch (IOException | InvalidPathException e) {
            throw new DiskImageException(
                    Kind.DENIED, from, "it leads to " + reference + ", which cannot be followed: " + e);
        }
        for (Path directory : allowed) {
            if (real.startsWith(real(directory))) {
                return real.toString();
            }
        }
        throw new DiskImageException(
                Kind.DENIED,
                from,
                "it leads to " + real + ", which lies in none of the directories that its pool allows ("
                        + allowed.stream().map(Path::toString).collect(Collectors.joining(", "))
                        + "); move it there, or have an administrator add its directory to the pool");
    }

    /** The file that a path leads to; the path itself where it leads nowhere. */
    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }
}
