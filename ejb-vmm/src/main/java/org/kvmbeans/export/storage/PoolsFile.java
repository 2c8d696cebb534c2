package org.kvmbeans.export.storage;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.kvmbeans.machine.definition.DefinitionDocument;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.DefinitionObject;
import org.kvmbeans.mbeans.DiskPathPolicy;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * The pools of a host on disk: {@code pools.json} in the home. Where there is none, the host has one pool, named
 * {@value #DEFAULT_POOL}, in the folder {@code disks} of the home.
 */
final class PoolsFile {
    static final String DEFAULT_POOL = "default";

    private static final String FILE = "pools.json";
    private static final String DEFAULT_FOLDER = "disks";
    private static final long LARGEST_FILE_BYTES = 1 << 20;
    private static final String EXAMPLE = "{\"diskPaths\":\"definitions\",\"pools\":[{\"name\":\"default\","
            + "\"path\":\"/var/lib/kvmbeans/disks\",\"quota\":\"500GiB\",\"backing\":[\"/srv/templates\"]}]}";

    private final Path home;

    PoolsFile(Path home) {
        this.home = home;
    }

    /**
     * Reads the file.
     *
     * @throws IOException where it cannot be used: a host that went on without it would open what it forbids
     */
    StoreConfiguration load() throws IOException {
        Path file = file();
        if (!Files.exists(file)) {
            PoolConfiguration pool = new PoolConfiguration(DEFAULT_POOL, home.resolve(DEFAULT_FOLDER), 0, List.of());
            return new StoreConfiguration(DiskPathPolicy.DEFINITIONS, List.of(pool));
        }
        if (Files.size(file) > LARGEST_FILE_BYTES) {
            throw new IOException(file + " is larger than " + LARGEST_FILE_BYTES + " bytes; correct it and restart");
        }
        try {
            return read(Files.readString(file));
        } catch (DefinitionException e) {
            throw new IOException(file + ": " + e.getMessage() + "; correct it and restart", e);
        }
    }

    private static StoreConfiguration read(String json) {
        DefinitionDocument document = DefinitionDocument.parse("the configuration of pools", json, EXAMPLE);
        DefinitionObject root = document.root();
        root.refuseKeysOutside(List.of("diskPaths", "pools"));
        DiskPathPolicy policy = root.choice("diskPaths", DiskPathPolicy.DEFINITIONS);
        List<PoolConfiguration> pools = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (DefinitionObject object : root.objects("pools", "give a list of objects, each a pool")) {
            PoolConfiguration pool = pool(object);
            if (!names.add(pool.name())) {
                object.wrong("name", pool.name(), "that name is there twice; give each pool one of its own");
            }
            pools.add(pool);
        }
        document.throwProblems();
        return new StoreConfiguration(policy, pools);
    }

    private static PoolConfiguration pool(DefinitionObject object) {
        object.refuseKeysOutside(List.of("name", "path", "quota", "backing"));
        String right = "give 1 to 64 of the characters A-Z a-z 0-9 . _ -";
        String name = object.requiredText("name", right);
        if (!ObjectNames.NAME.matcher(name).matches()) {
            object.wrong("name", name, right);
        }
        List<Path> backing = new ArrayList<>();
        for (String text : object.texts("backing", "give a list of absolute paths")) {
            backing.add(path(object, "backing", text));
        }
        return new PoolConfiguration(
                name,
                path(object, "path", object.requiredText("path", "give the absolute path of a directory")),
                object.bytes("quota", 0, Long.MAX_VALUE),
                backing);
    }

    private static Path path(DefinitionObject object, String key, String text) {
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            // refused below, like any other text that is no absolute path
        }
        object.wrong(key, text, "give an absolute path");
        return Path.of("/");
    }

    /** Keeps a configuration, safe against a crash of the host once this returns. */
    void save(StoreConfiguration configuration) throws IOException {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("diskPaths", configuration.policy().name().toLowerCase(Locale.ROOT));
        ArrayNode pools = root.putArray("pools");
        for (PoolConfiguration pool : configuration.pools()) {
            ObjectNode object = pools.addObject();
            object.put("name", pool.name());
            object.put("path", pool.directory().toString());
            object.put("quota", pool.quotaBytes());
            ArrayNode backing = object.putArray("backing");
            pool.backingDirectories().forEach(directory -> backing.add(directory.toString()));
        }
        OwnerOnlyFiles.replace(
                file(),
                JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
    }

    Path file() {
        return home.resolve(FILE);
    }
}
