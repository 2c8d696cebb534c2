package org.kvmbeans.export.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.kvmbeans.export.job.Jobs;
import org.kvmbeans.mbeans.ImageLayer;

/** Who uses which image, and what may therefore not be done to it. Any thread may call. */
final class ImageUse {
    private final OpenPools pools;
    private final Supplier<Collection<DiskUse>> disks;
    private final Jobs jobs;
    private volatile ImageUsers users = ImageUsers.NONE;

    /** @param disks the disks of all VMs */
    ImageUse(OpenPools pools, Supplier<Collection<DiskUse>> disks, Jobs jobs) {
        this.pools = pools;
        this.disks = disks;
        this.jobs = jobs;
    }

    /** As the last look found them. */
    ImageUsers users() {
        return users;
    }

    /** Finds out anew who uses which image. */
    void refresh() {
        users = ImageUsers.of(disks.get(), pools.all());
    }

    /**
     * Checks that no disk, no other image and no job uses an image, as of now.
     *
     * @throws IllegalStateException where somebody does, whom the message names
     */
    void requireUnused(Pool pool, PoolImage image, String what) {
        pools.refresh();
        refresh();
        List<String> all = new ArrayList<>(users.of(image.path()));
        jobs.userOf(image.path())
                .ifPresent(
                        job -> all.add("job " + job.id() + " (" + job.request().kind() + ")"));
        if (!all.isEmpty()) {
            throw new IllegalStateException("image " + pool.name() + "/" + image.name() + " is not " + what
                    + ": it is used by " + String.join(", ", all) + "; remove or end that first");
        }
    }

    /** The image of a pool that another has as its backing file. */
    PoolImage requireBackingInPool(PoolImage image) {
        if (image.facts().chain().size() < 2) {
            throw new IllegalStateException("image " + image.name() + " has no backing file to commit to");
        }
        ImageLayer below = image.facts().chain().get(1);
        return pools.imageAt(Path.of(below.path()))
                .orElseThrow(() -> new IllegalStateException("the backing file " + below.path() + " of image "
                        + image.name() + " is no image of a pool; register it in its pool first"));
    }

    /** Refuses to change an image that others lie on, as of now: what they show would change. */
    void requireNothingOnTop(Pool pool, PoolImage image) {
        List<String> above = pools.imagesOn(image.path());
        if (!above.isEmpty()) {
            throw new IllegalStateException("image " + pool.name() + "/" + image.name() + " is not changed: "
                    + String.join(", ", above) + " lie on it and would no longer show what they show now");
        }
    }

    /** Refuses to change the backing file of an image where others lie on it too. */
    void requireAloneOn(PoolImage image, PoolImage below) {
        List<String> above = new ArrayList<>(pools.imagesOn(below.path()));
        above.removeIf(name -> name.endsWith("/" + image.name()));
        if (!above.isEmpty()) {
            throw new IllegalStateException("the backing file " + below.path() + " is not changed: "
                    + String.join(", ", above) + " lie on it too and would no longer show what they show now");
        }
    }
}
