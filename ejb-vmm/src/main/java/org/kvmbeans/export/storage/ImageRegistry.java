package org.kvmbeans.export.storage;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.machine.definition.DefinitionDocument;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.DefinitionObject;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * What somebody said of the files of a pool: {@value #FILE} in its directory, so that it goes where the images go. Several
 * servers may share a directory: a change is made to what the file holds at that moment, under a lock.
 */
final class ImageRegistry {
    static final String FILE = ".kvmbeans-images.json";

    private static final String LOCK_FILE = ".kvmbeans-images.lock";
    private static final long LARGEST_FILE_BYTES = 1 << 20;
    private static final String EXAMPLE = "{\"images\":[{\"name\":\"web01.raw\",\"format\":\"raw\"}]}";

    private final Path directory;

    /**
     * What is known of an image beyond what stands in it.
     *
     * @param format what it is
     * @param secret name of the secret that opens it; empty where none does
     */
    record Entry(DiskFormat format, String secret) {}

    ImageRegistry(Path directory) {
        this.directory = directory;
    }

    /**
     * Reads the entries, by name.
     *
     * @throws IOException where the file is there and cannot be used
     */
    SortedMap<String, Entry> load() throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return new TreeMap<>();
        }
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > LARGEST_FILE_BYTES) {
            throw new IOException(
                    file + " is no file of at most " + LARGEST_FILE_BYTES + " bytes; correct or remove it");
        }
        try {
            return read(Files.readString(file));
        } catch (DefinitionException e) {
            throw new IOException(file + ": " + e.getMessage() + "; correct or remove it", e);
        }
    }

    private static SortedMap<String, Entry> read(String json) {
        DefinitionDocument document = DefinitionDocument.parse("the registry of images", json, EXAMPLE);
        document.root().refuseKeysOutside(List.of("images"));
        SortedMap<String, Entry> entries = new TreeMap<>();
        for (DefinitionObject object : document.root().objects("images", "give a list of objects, each an image")) {
            object.refuseKeysOutside(List.of("name", "format", "secret"));
            String name = object.requiredText("name", "give the name of a file");
            if (!ObjectNames.IMAGE_NAME.matcher(name).matches()) {
                object.wrong("name", name, "give the name of a file in this directory");
            }
            String secret = object.text("secret", "give the name of a secret");
            entries.put(name, new Entry(object.choice("format", DiskFormat.RAW), secret == null ? "" : secret));
        }
        document.throwProblems();
        return entries;
    }

    /** Adds an entry, or replaces it. */
    void put(String name, Entry entry) throws IOException {
        change(entries -> entries.put(name, entry));
    }

    /** Removes an entry; does nothing where there is none. */
    void remove(String name) throws IOException {
        change(entries -> entries.remove(name));
    }

    private void change(Consumer<Map<String, Entry>> change) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            SortedMap<String, Entry> entries = load();
            change.accept(entries);
            OwnerOnlyFiles.replace(directory.resolve(FILE), json(entries));
        }
    }

    private static String json(Map<String, Entry> entries) throws IOException {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode images = root.putArray("images");
        entries.forEach((name, entry) -> {
            ObjectNode image = images.addObject()
                    .put("name", name)
                    .put("format", entry.format().text());
            if (!entry.secret().isEmpty()) {
                image.put("secret", entry.secret());
            }
        });
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }
}
