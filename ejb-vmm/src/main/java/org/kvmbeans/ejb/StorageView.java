package org.kvmbeans.ejb;

import java.util.List;
import java.util.Map;
import org.kvmbeans.mbeans.DirtyBitmap;
import org.kvmbeans.mbeans.DiskPathPolicy;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.ImageSnapshot;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.JobProgress;
import org.kvmbeans.mbeans.StoreUsage;

/**
 * The disk images of the host; see the MXBeans of {@code org.kvmbeans.mbeans} for each value.
 *
 * @param policy where images may lie
 * @param pools by name
 * @param jobs the newest first
 * @param secrets names alone
 */
public record StorageView(DiskPathPolicy policy, List<Pool> pools, List<Job> jobs, List<String> secrets) {

    /** A pool with its images, by name. */
    public record Pool(
            String name,
            String path,
            List<String> backingDirectories,
            StoreUsage usage,
            List<String> unregisteredFiles,
            String lastError,
            List<Image> images) {}

    /** An image in a list. */
    public record Image(
            String pool,
            String name,
            String format,
            long sizeBytes,
            long fileBytes,
            long allocatedBytes,
            ImageEncryption encryption,
            List<String> users,
            boolean inUse,
            boolean dirty,
            boolean corrupt,
            String lastError) {}

    /** An image with all that is known of it. */
    public record ImageDetail(
            Image image,
            String path,
            long clusterBytes,
            String secret,
            List<Integer> keySlots,
            String exportUri,
            List<ImageLayer> chain,
            List<ImageSnapshot> snapshots,
            List<DirtyBitmap> bitmaps) {}

    /** A job; {@code owner} is what its ObjectName names: a pool or a VM. */
    public record Job(
            long id,
            JobKind kind,
            String owner,
            String subject,
            JobProgress status,
            long createdMillis,
            long startedMillis,
            long endedMillis,
            String error,
            String result,
            Map<String, Long> figures) {}
}
