package org.kvmbeans.ejb;

import java.time.Duration;
import java.util.Arrays;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobProgress;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.StoreUsage;

/** The metrics of pools, images and jobs. */
final class StorageMetrics {
    private static final double MILLIS_PER_SECOND = 1e3;

    private StorageMetrics() {}

    static Series registerPool(MetricRegistry registry, ObjectName name, Duration maxAge) {
        ImageStoreMXBean pool = MBeans.imageStore(name);
        Memo<StoreUsage> usage = new Memo<>(pool::getUsage, maxAge);
        Tag tag = new Tag("pool", ObjectNames.property(name, "name"));
        Series series = new Series(registry);
        series.add(
                "kvmbeans_image_store_used_bytes",
                "What the files of the pool take",
                usage,
                now -> now.get().usedBytes(),
                tag);
        series.add(
                "kvmbeans_image_store_quota_bytes",
                "The most that the files of the pool may take; 0: as much as the file system has",
                usage,
                now -> now.get().quotaBytes(),
                tag);
        series.add(
                "kvmbeans_image_store_capacity_bytes",
                "Size of the file system that the pool is on",
                usage,
                now -> now.get().capacityBytes(),
                tag);
        series.add(
                "kvmbeans_image_store_free_bytes",
                "Room that is left on that file system",
                usage,
                now -> now.get().freeBytes(),
                tag);
        series.add(
                "kvmbeans_image_store_images",
                "Images in the pool",
                usage,
                now -> now.get().imageCount(),
                tag);
        return series;
    }

    static Series registerImage(MetricRegistry registry, ObjectName name) {
        ImageMXBean image = MBeans.image(name);
        Tag[] tags = {
            new Tag("pool", ObjectNames.property(name, "pool")), new Tag("image", ObjectNames.property(name, "name"))
        };
        Series series = new Series(registry);
        series.add("kvmbeans_image_size_bytes", "Size of the disk", image, ImageMXBean::getSizeBytes, tags);
        series.add(
                "kvmbeans_image_allocated_bytes",
                "Space that the image takes on the host",
                image,
                ImageMXBean::getAllocatedBytes,
                tags);
        series.add(
                "kvmbeans_image_in_use",
                "1 while somebody has the image open, else 0",
                image,
                now -> now.isInUse() ? 1 : 0,
                tags);
        series.add(
                "kvmbeans_image_unusable",
                "1 where the image cannot be read or is marked corrupt, else 0",
                image,
                now -> now.isCorrupt() || !now.getLastError().isEmpty() ? 1 : 0,
                tags);
        return series;
    }

    static Series registerJob(MetricRegistry registry, ObjectName name, Duration maxAge) {
        JobMXBean job = MBeans.job(name);
        Memo<JobProgress> status = new Memo<>(job::getStatus, maxAge);
        // One set of labels for all jobs: Prometheus takes no metric whose series have different ones.
        Tag[] tags = {
            new Tag("job", ObjectNames.property(name, "id")),
            new Tag("kind", job.getKind().name()),
            new Tag("subject", job.getSubject())
        };
        Series series = new Series(registry);
        for (JobState state : JobState.values()) {
            Tag[] withState = Arrays.copyOf(tags, tags.length + 1);
            withState[tags.length] = new Tag("state", state.name());
            series.add(
                    "kvmbeans_job_state",
                    "1 for the state that the job is in, 0 for the others",
                    status,
                    now -> now.get().state() == state ? 1 : 0,
                    withState);
        }
        series.add(
                "kvmbeans_job_done_bytes",
                "What the job has worked through",
                status,
                now -> now.get().doneBytes(),
                tags);
        series.add(
                "kvmbeans_job_total_bytes",
                "What the job has to work through",
                status,
                now -> now.get().totalBytes(),
                tags);
        series.add(
                "kvmbeans_job_remaining_seconds",
                "Time that the rest will take; negative where that is not known",
                status,
                now -> now.get().remainingMillis() < 0 ? -1 : now.get().remainingMillis() / MILLIS_PER_SECOND,
                tags);
        return series;
    }
}
