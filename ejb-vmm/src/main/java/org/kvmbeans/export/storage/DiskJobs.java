package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.block.task.Backup;
import org.kvmbeans.block.task.Beginning;
import org.kvmbeans.block.task.Commit;
import org.kvmbeans.block.task.CopyMeans;
import org.kvmbeans.block.task.ImageMaker;
import org.kvmbeans.block.task.Mirror;
import org.kvmbeans.block.task.NewImage;
import org.kvmbeans.block.task.OverlaySnapshot;
import org.kvmbeans.block.task.Qcow2Maker;
import org.kvmbeans.block.task.Streaming;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.job.JobControl;
import org.kvmbeans.export.job.JobOutcome;
import org.kvmbeans.export.job.JobRequest;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.export.job.JobTask;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.Posix;

/**
 * The operations on disks of VMs that are on, each a job. Where the disk goes on with another image, the definition names it
 * before the guest writes to it: a host that crashes at any moment starts the VM with all that was flushed.
 */
public final class DiskJobs {
    private static final int USUAL_UNIT_BYTES = 1 << 16;

    private final Posix posix;
    private final ImageStores stores;
    private final ImageAccess access;
    private final ImageCreation creation;

    DiskJobs(Posix posix, ImageStores stores, ImageAccess access) {
        this.posix = posix;
        this.stores = stores;
        this.access = access;
        this.creation = new ImageCreation(posix, access);
    }

    private CopyMeans means() {
        return CopyMeans.of(posix);
    }

    private Job start(JobKind kind, LiveDisk disk, Set<Path> alsoWritten, JobTask task) {
        Set<Path> writes = new TreeSet<>(alsoWritten);
        writes.add(ImageLocations.real(disk.definition().path()));
        JobRequest request = new JobRequest(
                kind,
                Owner.vm(disk.vm()),
                disk.vm() + "/" + disk.name(),
                ObjectNames.disk(disk.vm(), disk.name()),
                writes,
                Set.of());
        return stores.jobs().start(request, task);
    }

    /** Keeps what the disk holds now: a new image comes over the present one, and takes what is written from then on. */
    public Job snapshot(LiveDisk disk, String poolName, String name) {
        SwitchableImage image = disk.image();
        Pool pool = stores.pools().pool(poolName);
        Path overlay = pool.requireFree(name);
        Path present = ImageLocations.real(disk.definition().path());
        BackingReference reference = new BackingReference(
                pool.directory().equals(present.getParent())
                        ? String.valueOf(present.getFileName())
                        : present.toString(),
                disk.definition().format().text());
        requireReachable(overlay, reference);
        pool.requireRoom(name, image.sizeBytes());
        ImageMaker maker = new Qcow2Maker(
                posix,
                access.opener(),
                options(overlay, disk),
                Qcow2Options.DEFAULT.withBacking(reference),
                Qcow2Maker.Clusters.PLAIN);
        return start(JobKind.SNAPSHOT, disk, Set.of(overlay), control -> {
            moving(
                    disk,
                    () -> new OverlaySnapshot(image)
                            .run(maker, overlay, NewImage.Existing.REFUSE, (path, below) -> over(disk, path, below)));
            pool.register(name, new ImageRegistry.Entry(DiskFormat.QCOW2, ""));
            return JobOutcome.of("the disk goes on with " + overlay);
        });
    }

    private LayeredImage over(LiveDisk disk, Path path, DiskImage below) throws IOException {
        LayeredImage top = access.opener().openOver(path.toString(), DiskFormat.QCOW2, options(path, disk), below);
        move(disk, path, DiskFormat.QCOW2, top);
        return top;
    }

    private void requireReachable(Path image, BackingReference reference) {
        try {
            stores.locations().rulesFor(image).resolve(image.toString(), reference.path());
        } catch (DiskImageException e) {
            throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
        }
    }

    private OpenOptions options(Path image, LiveDisk disk) {
        DiskDefinition definition = disk.definition();
        return access.options(image, Access.READ_WRITE, definition.cache(), definition.secret());
    }

    /** Copies the disk to a new image and keeps the copy equal; the disk goes on with it when the job is completed. */
    public Job mirror(LiveDisk disk, String poolName, String name, DiskFormat format, String json) {
        SwitchableImage image = disk.image();
        Target target = target(image, poolName, name, format, json);
        return start(JobKind.MIRROR, disk, Set.of(target.path()), control -> {
            Mirror mirror = new Mirror(means(), image, Mirror.Scope.FULL);
            moving(
                    disk,
                    () -> mirror.run(
                            target.maker(),
                            target.path(),
                            NewImage.Existing.REFUSE,
                            path -> reopened(disk, target, path),
                            new MirrorProgress(mirror, control)));
            target.register();
            return JobOutcome.of("the disk goes on with " + target.path());
        });
    }

    private DiskImage reopened(LiveDisk disk, Target target, Path path) throws IOException {
        DiskFormat format = target.options().format();
        DiskImage copy = access.opener()
                .open(
                        path.toString(),
                        format,
                        access.optionsOfNew(
                                path,
                                disk.definition().cache(),
                                target.options().secret()));
        move(disk, path, format, copy);
        return copy;
    }

    /** Keeps the new place in the definition; where that fails, the image is closed again. */
    private static void move(LiveDisk disk, Path path, DiskFormat format, DiskImage opened) throws IOException {
        try {
            disk.moveTo(path, format);
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** Has a mirror's job be ready when the mirror is, and the mirror end when the job is completed. */
    private static final class MirrorProgress implements Progress {
        private final Mirror mirror;
        private final JobControl control;
        private boolean ready;

        MirrorProgress(Mirror mirror, JobControl control) {
            this.mirror = mirror;
            this.control = control;
        }

        @Override
        public synchronized void advance(long doneUnits, long totalUnits) {
            control.advance(doneUnits, totalUnits);
            if (!ready && mirror.state() == Mirror.State.READY) {
                ready = true;
                control.ready();
            }
            if (control.isCompleting()) {
                mirror.end(Mirror.Ending.SWITCH);
            }
        }
    }

    /** Copies the disk as it is at the moment when the job begins. */
    public Job backup(LiveDisk disk, String poolName, String name, DiskFormat format, String json) {
        SwitchableImage image = disk.image();
        Target target = target(image, poolName, name, format, json);
        return start(JobKind.BACKUP, disk, Set.of(target.path()), control -> {
            new Backup(means(), image)
                    .run(Beginning.ALL, target.maker(), target.path(), NewImage.Existing.REFUSE, control);
            target.register();
            return JobOutcome.of("kept in " + target.path());
        });
    }

    /** Copies up what the images below show, after which the disk's image stands alone. */
    public Job stream(LiveDisk disk) {
        SwitchableImage image = disk.image();
        return start(JobKind.STREAM, disk, Set.of(), control -> {
            new Streaming(means(), image).run(null, control);
            return JobOutcome.of("the image stands alone now");
        });
    }

    /** Moves what the disk's image has itself down into its backing file, with which the disk goes on. */
    public Job commit(LiveDisk disk) {
        SwitchableImage image = disk.image();
        PoolImage top = stores.pools()
                .imageAt(disk.definition().path())
                .orElseThrow(() -> new IllegalStateException(
                        "the image " + disk.definition().path()
                                + " is none of a pool; register it first, so that it is known what lies on what"));
        PoolImage below = stores.use().requireBackingInPool(top);
        stores.use().requireAloneOn(top, below);
        int unit = (int) Math.max(USUAL_UNIT_BYTES, below.facts().clusterBytes());
        return start(JobKind.COMMIT, disk, Set.of(below.path()), control -> {
            moving(disk, () -> new Commit(means(), image).run(new Below(disk, below), unit, control));
            return JobOutcome.of("the disk goes on with " + below.path() + "; " + top.name() + " is no longer needed");
        });
    }

    private final class Below implements Commit.Opening {
        private final LiveDisk disk;
        private final PoolImage image;

        Below(LiveDisk disk, PoolImage image) {
            this.disk = disk;
            this.image = image;
        }

        @Override
        public DiskImage open(Access how) throws IOException {
            return access.open(
                    image.path(), image.entry().format(), how, disk.definition().cache());
        }

        @Override
        public void committed() {
            disk.moveTo(image.path(), image.entry().format());
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** Does work that may move the disk; where it fails, the definition names the image that the disk has kept. */
    private static void moving(LiveDisk disk, Work work) throws IOException {
        Path path = disk.definition().path();
        DiskFormat format = disk.definition().format();
        boolean done = false;
        try {
            work.run();
            done = true;
        } finally {
            if (!done && !disk.definition().path().equals(path)) {
                disk.moveTo(path, format);
            }
        }
    }

    /** A new image that a disk is copied to. */
    private record Target(Pool pool, String name, Path path, ImageOptions options, ImageMaker maker) {
        void register() {
            pool.register(name, ImageCreation.entry(options));
        }
    }

    private Target target(SwitchableImage disk, String poolName, String name, DiskFormat format, String json) {
        Pool pool = stores.pools().pool(poolName);
        Path path = pool.requireFree(name);
        ImageOptions options = ImageOptions.read(format, json);
        @Nullable PoolImage backing = stores.pools().backing(options.backing());
        if (backing != null) {
            throw new IllegalArgumentException(
                    "backing is \"" + options.backing() + "\"; a copy of a disk in use stands alone: leave it out");
        }
        stores.requireSecret(options.secret());
        pool.requireRoom(name, disk.sizeBytes());
        return new Target(pool, name, path, options, creation.maker(pool, path, options, null));
    }
}
