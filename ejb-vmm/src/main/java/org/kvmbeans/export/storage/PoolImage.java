package org.kvmbeans.export.storage;

import java.nio.file.Path;
import org.kvmbeans.mbeans.ImageLayer;

/**
 * An image of a pool as of the last look.
 *
 * @param name its file's name
 * @param path its file
 * @param entry what the registry says of it
 * @param file its file; with a length of 0 where it is gone
 * @param facts what it says of itself
 */
record PoolImage(String name, Path path, ImageRegistry.Entry entry, FileFacts file, ImageFacts facts) {
    /** Whether another image lies on this file: it is below the first of the chain. */
    boolean liesOn(Path other) {
        for (ImageLayer layer : facts.chain()) {
            if (layer.depth() > 0 && layer.path().equals(other.toString())) {
                return true;
            }
        }
        return false;
    }
}
