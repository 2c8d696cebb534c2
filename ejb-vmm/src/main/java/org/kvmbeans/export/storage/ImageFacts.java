package org.kvmbeans.export.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.kvmbeans.mbeans.DirtyBitmap;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.ImageSnapshot;

/**
 * What an image says of itself.
 *
 * @param sizeBytes of the disk; 0 where the image cannot be read
 * @param clusterBytes 0 for formats without clusters
 * @param chain the image itself, its backing file, and so on
 * @param snapshots oldest first
 * @param bitmaps dirty bitmaps
 * @param encryption how its contents are encrypted
 * @param keySlots those that have a passphrase
 * @param dirty whether it was not closed well
 * @param corrupt whether it was found to contradict itself
 * @param problem why it cannot be read; empty where it can
 * @param files the files of the chain as they were then: the facts hold as long as none of them changes
 */
record ImageFacts(
        long sizeBytes,
        long clusterBytes,
        List<ImageLayer> chain,
        List<ImageSnapshot> snapshots,
        List<DirtyBitmap> bitmaps,
        ImageEncryption encryption,
        List<Integer> keySlots,
        boolean dirty,
        boolean corrupt,
        String problem,
        Map<Path, FileFacts> files) {
    /** An image that cannot be read. */
    static ImageFacts unreadable(String problem, Map<Path, FileFacts> files) {
        return new ImageFacts(
                0, 0, List.of(), List.of(), List.of(), ImageEncryption.NONE, List.of(), false, false, problem, files);
    }
}
