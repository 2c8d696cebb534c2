package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.Posix;

/** Looks at the directory of a pool. What has not changed since the last look is not opened again. */
final class PoolScanner {
    /** Begins the names of files that are being made; no image has such a name. */
    static final String UNFINISHED_PREFIX = ".kvmbeans-unfinished-";

    /** Ends the hidden names of files that operations make. */
    private static final String UNFINISHED_SUFFIX = ".unfinished";

    /** Longer than anybody writes a file without its time changing; another server may be the one that does. */
    private static final long ABANDONED_HOURS = 24;

    private final Posix posix;
    private final ImageInspector inspector;
    private final Path directory;
    private final ImageRegistry registry;
    private final Function<Path, ImageRules> rules;

    /** @param rules which further files an image may lead to */
    PoolScanner(
            Posix posix,
            ImageInspector inspector,
            Path directory,
            ImageRegistry registry,
            Function<Path, ImageRules> rules) {
        this.posix = posix;
        this.inspector = inspector;
        this.directory = directory;
        this.registry = registry;
        this.rules = rules;
    }

    /**
     * Looks.
     *
     * @param before the last look
     * @throws IOException where the directory or its registry cannot be read
     */
    PoolContent scan(PoolContent before) throws IOException {
        SortedMap<String, ImageRegistry.Entry> entries = registry.load();
        Map<String, FileFacts> files = new HashMap<>();
        long used = list(files);
        SortedMap<String, PoolImage> images = new TreeMap<>();
        entries.forEach((name, entry) -> images.put(name, image(name, entry, files.get(name), before)));
        List<String> unregistered = new ArrayList<>();
        for (String name : files.keySet()) {
            if (!entries.containsKey(name)
                    && ObjectNames.IMAGE_NAME.matcher(name).matches()) {
                unregistered.add(name);
            }
        }
        unregistered.sort(null);
        FileStore store = Files.getFileStore(directory);
        return new PoolContent(images, unregistered, used, store.getTotalSpace(), store.getUsableSpace(), "");
    }

    /** Lists the regular files of the directory; links are none. Returns what they take together. */
    private long list(Map<String, FileFacts> files) throws IOException {
        long used = 0;
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path file : stream) {
                try {
                    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                        FileFacts facts = FileFacts.of(posix, file);
                        files.put(file.getFileName().toString(), facts);
                        used += Math.max(0, facts.allocatedBytes());
                    }
                } catch (IOException e) {
                    // gone between the listing and the look
                }
            }
        }
        return used;
    }

    private PoolImage image(String name, ImageRegistry.Entry entry, @Nullable FileFacts file, PoolContent before) {
        Path path = directory.resolve(name);
        if (file == null) {
            return new PoolImage(
                    name,
                    path,
                    entry,
                    FileFacts.NONE,
                    ImageFacts.unreadable("the file is gone: unregister the image", Map.of()));
        }
        ImageFacts known = known(before.images().get(name), entry);
        return new PoolImage(
                name,
                path,
                entry,
                file,
                known == null ? inspector.inspect(path, entry.format(), rules.apply(path)) : known);
    }

    /** What the last look found, where nothing has changed since. */
    private @Nullable ImageFacts known(@Nullable PoolImage old, ImageRegistry.Entry entry) {
        if (old == null || !old.entry().equals(entry)) {
            return null;
        }
        return inspector.holds(old.facts()) ? old.facts() : null;
    }

    /** Removes what a server that crashed left unfinished. */
    void removeAbandoned() throws IOException {
        Instant oldest = Instant.now().minus(ABANDONED_HOURS, ChronoUnit.HOURS);
        try (DirectoryStream<Path> stream =
                Files.newDirectoryStream(directory, "{" + UNFINISHED_PREFIX + "*,.*" + UNFINISHED_SUFFIX + "}")) {
            for (Path file : stream) {
                if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                        .toInstant()
                        .isBefore(oldest)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
