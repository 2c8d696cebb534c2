package org.kvmbeans.export.storage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.CompressionType;
import org.kvmbeans.block.qcow2.Preallocation;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.block.task.Qcow2Maker.Clusters;
import org.kvmbeans.machine.definition.DefinitionDocument;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.DefinitionObject;

/**
 * What somebody asks of a new image, as one JSON object. Keys of all formats but luks: {@code preallocation}. Of qcow2 also
 * {@code backing} (an image as {@code POOL/FILE}), {@code version}, {@code cluster} (its size), {@code extendedL2}, {@code compression},
 * {@code compressed} (for what is copied to it), {@code refcountBits} and {@code lazyRefcounts}. Of qcow2 and luks
 * {@code secret}, the name of the one that is to open it, and with it {@code cipher}, {@code cipherMode}, {@code ivgen},
 * {@code ivgenHash}, {@code hash} and {@code iterationMillis}, whose values are QEMU's.
 *
 * @param backing the image below as {@code POOL/FILE}; empty for none
 * @param secret name of the secret of an image that is to be encrypted; empty for one that is not
 * @param luks how it is encrypted; null where it is not
 * @param storing how what is copied to it is stored
 * @param qcow2 without backing file and encryption; what is not given is as QEMU makes it
 */
record ImageOptions(
        DiskFormat format,
        Preallocation preallocation,
        String backing,
        String secret,
        @Nullable LuksOptions luks,
        Clusters storing,
        Qcow2Options qcow2) {
    private static final String EXAMPLE = "{\"preallocation\":\"metadata\",\"cluster\":\"64KiB\"}";
    private static final List<String> QCOW2_KEYS = List.of(
            "backing",
            "version",
            "cluster",
            "extendedL2",
            "compression",
            "compressed",
            "refcountBits",
            "lazyRefcounts");
    /** Keys of encryption, and what QEMU calls them. */
    private static final Map<String, String> LUKS_KEYS = Map.of(
            "cipher", "cipher-alg",
            "cipherMode", "cipher-mode",
            "ivgen", "ivgen-alg",
            "ivgenHash", "ivgen-hash-alg",
            "hash", "hash-alg");

    private static final String ITERATION_MILLIS = "iterationMillis";
    private static final int LARGEST_CLUSTER_BYTES = 2 << 20;
    private static final int LARGEST_REFCOUNT_BITS = 64;

    /**
     * Reads the options of a format; nothing but blanks stands for none.
     *
     * @throws DefinitionException naming what is not right
     */
    static ImageOptions read(DiskFormat format, String json) {
        DefinitionDocument document = DefinitionDocument.parse("the options", json.isBlank() ? "{}" : json, EXAMPLE);
        DefinitionObject root = document.root();
        root.refuseKeysOutside(keys(format));
        Preallocation preallocation = root.choice("preallocation", Preallocation.OFF);
        if (format == DiskFormat.RAW && preallocation == Preallocation.METADATA) {
            root.wrong("preallocation", "metadata", "a raw image has none; give off, falloc or full");
        }
        String backing = root.text("backing", "give an image as POOL/FILE");
        String secret = format == DiskFormat.LUKS
                ? root.requiredText("secret", "give the name of the secret that is to open it")
                : root.text("secret", "give the name of the secret that is to open it");
        Clusters storing = root.flag("compressed") ? Clusters.COMPRESSED : Clusters.PLAIN;
        if (storing == Clusters.COMPRESSED && secret != null && !secret.isEmpty()) {
            root.wrong(
                    "compressed",
                    "true",
                    "a cluster of qcow2 is compressed or encrypted, not both; encrypt an overlay of a compressed image");
        }
        try {
            ImageOptions options = new ImageOptions(
                    format,
                    preallocation,
                    backing == null ? "" : backing,
                    secret == null ? "" : secret,
                    luks(root, secret != null && !secret.isEmpty()),
                    storing,
                    qcow2(root, preallocation));
            document.throwProblems();
            return options;
        } catch (IllegalArgumentException e) {
            document.throwProblems();
            throw new DefinitionException("the options", List.of(String.valueOf(e.getMessage())));
        }
    }

    private static List<String> keys(DiskFormat format) {
        List<String> keys = new ArrayList<>();
        if (format != DiskFormat.LUKS) {
            keys.add("preallocation");
        }
        if (format == DiskFormat.QCOW2) {
            keys.addAll(QCOW2_KEYS);
        }
        if (format != DiskFormat.RAW) {
            keys.add("secret");
            keys.addAll(LUKS_KEYS.keySet().stream().sorted().toList());
            keys.add(ITERATION_MILLIS);
        }
        return keys;
    }

    private static Qcow2Options qcow2(DefinitionObject root, Preallocation preallocation) {
        return new Qcow2Options(
                root.integer("version", 3, 2, 3),
                (int) root.bytes("cluster", Qcow2Options.DEFAULT.clusterBytes(), LARGEST_CLUSTER_BYTES),
                root.flag("extendedL2"),
                root.choice("compression", CompressionType.ZLIB),
                root.integer("refcountBits", 16, 1, LARGEST_REFCOUNT_BITS),
                root.flag("lazyRefcounts"),
                null,
                null,
                false,
                preallocation,
                null);
    }

    private static @Nullable LuksOptions luks(DefinitionObject root, boolean wanted) {
        Map<String, String> given = new LinkedHashMap<>();
        LUKS_KEYS.forEach((key, name) -> {
            String value = root.text(key, "give what QEMU calls it");
            if (value != null) {
                given.put(name, value);
            }
        });
        long millis = root.number(
                ITERATION_MILLIS, LuksOptions.DEFAULT_ITERATION_MILLIS, 1, LuksOptions.MAX_ITERATION_MILLIS);
        given.put("iter-time", Long.toString(millis));
        if (!wanted && given.keySet().equals(Set.of("iter-time"))) {
            return null;
        }
        if (!wanted) {
            root.missing("secret", "give the name of the secret that is to open the encrypted image");
        }
        return LuksOptions.parse(given);
    }
}
