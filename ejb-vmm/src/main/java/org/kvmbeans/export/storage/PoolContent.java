package org.kvmbeans.export.storage;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a pool holds as of the last look.
 *
 * @param images by name
 * @param unregistered names of files that are no images
 * @param usedBytes what all its files take
 * @param capacityBytes of its file system
 * @param freeBytes of its file system
 * @param problem why the directory could not be read; empty where it could
 */
record PoolContent(
        SortedMap<String, PoolImage> images,
        List<String> unregistered,
        long usedBytes,
        long capacityBytes,
        long freeBytes,
        String problem) {
    /** Before the first look. */
    static final PoolContent NONE = new PoolContent(new TreeMap<>(), List.of(), 0, 0, 0, "");

    /** The same, with a reason why it is not newer. */
    PoolContent withProblem(String reason) {
        return new PoolContent(images, unregistered, usedBytes, capacityBytes, freeBytes, reason);
    }
}
