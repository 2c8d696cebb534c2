package org.kvmbeans.export.storage;

import java.util.List;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.CompressionType;
import org.kvmbeans.block.qcow2.Preallocation;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.machine.definition.DefinitionDocument;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.DefinitionObject;

/**
 * What somebody asks of a new image, as one JSON object. Keys for every format: {@code preallocation}. For qcow2 also
 * {@code backing} (an image as {@code POOL/FILE}), {@code version}, {@code cluster}, {@code extendedL2}, {@code compression},
 * {@code refcountBits} and {@code lazyRefcounts}.
 *
 * @param backing the image below as {@code POOL/FILE}; empty for none
 * @param qcow2 without the reference to the backing file; what is not given is as QEMU makes it
 */
record ImageOptions(DiskFormat format, Preallocation preallocation, String backing, Qcow2Options qcow2) {
    private static final String EXAMPLE = "{\"preallocation\":\"metadata\",\"cluster\":\"64KiB\"}";
    private static final List<String> RAW_KEYS = List.of("preallocation");
    private static final List<String> QCOW2_KEYS = List.of(
            "preallocation",
            "backing",
            "version",
            "cluster",
            "extendedL2",
            "compression",
            "refcountBits",
            "lazyRefcounts");
    private static final int LARGEST_CLUSTER_BYTES = 2 << 20;
    private static final int LARGEST_REFCOUNT_BITS = 64;

    /**
     * Reads the options of a format; nothing but blanks stands for none.
     *
     * @throws IllegalArgumentException naming what is not right
     */
    static ImageOptions read(DiskFormat format, String json) {
        DefinitionDocument document = DefinitionDocument.parse("the options", json.isBlank() ? "{}" : json, EXAMPLE);
        DefinitionObject root = document.root();
        root.refuseKeysOutside(format == DiskFormat.RAW ? RAW_KEYS : QCOW2_KEYS);
        Preallocation preallocation = root.choice("preallocation", Preallocation.OFF);
        if (format == DiskFormat.RAW && preallocation == Preallocation.METADATA) {
            root.wrong("preallocation", "metadata", "a raw image has none; give off, falloc or full");
        }
        String backing = root.text("backing", "give an image as POOL/FILE");
        int version = root.integer("version", 3, 2, 3);
        int cluster = (int) root.bytes("cluster", Qcow2Options.DEFAULT.clusterBytes(), LARGEST_CLUSTER_BYTES);
        boolean extendedL2 = root.flag("extendedL2");
        CompressionType compression = root.choice("compression", CompressionType.ZLIB);
        int refcountBits = root.integer("refcountBits", 16, 1, LARGEST_REFCOUNT_BITS);
        boolean lazyRefcounts = root.flag("lazyRefcounts");
        document.throwProblems();
        try {
            Qcow2Options qcow2 = new Qcow2Options(
                    version,
                    cluster,
                    extendedL2,
                    compression,
                    refcountBits,
                    lazyRefcounts,
                    null,
                    null,
                    false,
                    preallocation,
                    null);
            return new ImageOptions(format, preallocation, backing == null ? "" : backing, qcow2);
        } catch (IllegalArgumentException e) {
            throw new DefinitionException("the options", List.of(String.valueOf(e.getMessage())));
        }
    }
}
