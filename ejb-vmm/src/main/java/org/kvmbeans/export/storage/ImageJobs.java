package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.Measurement;
import org.kvmbeans.block.qcow2.Qcow2Image;
import org.kvmbeans.block.qcow2.check.CheckResult;
import org.kvmbeans.block.qcow2.check.Qcow2Check;
import org.kvmbeans.block.qcow2.check.Repair;
import org.kvmbeans.block.task.Commit;
import org.kvmbeans.block.task.Comparison;
import org.kvmbeans.block.task.Conversion;
import org.kvmbeans.block.task.CopyMeans;
import org.kvmbeans.block.task.ImageMap;
import org.kvmbeans.block.task.NewImage;
import org.kvmbeans.block.task.Rebase;
import org.kvmbeans.block.task.Streaming;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.job.JobOutcome;
import org.kvmbeans.export.job.JobRequest;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.export.job.JobTask;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.Posix;

/**
 * The operations on images of pools that no VM has open, each a job. What they may not do is refused before there is one; an
 * image that somebody has open is found by its lock, and the job says who that is.
 */
final class ImageJobs {
    private final Posix posix;
    private final ImageStores stores;
    private final ImageAccess access;
    private final ImageCreation creation;

    ImageJobs(Posix posix, ImageStores stores, ImageAccess access) {
        this.posix = posix;
        this.stores = stores;
        this.access = access;
        this.creation = new ImageCreation(posix, access);
    }

    private CopyMeans means() {
        return CopyMeans.of(posix);
    }

    /** Starts a job on an image of a pool. */
    Job start(JobKind kind, Pool pool, String image, Set<Path> writes, Set<Path> reads, JobTask task) {
        Set<Path> onlyRead = new TreeSet<>(reads);
        onlyRead.removeAll(writes);
        JobRequest request = new JobRequest(
                kind,
                Owner.pool(pool.name()),
                pool.name() + "/" + image,
                ObjectNames.image(pool.name(), image),
                writes,
                onlyRead);
        return stores.jobs().start(request, task);
    }

    /** Creates an image; with a backing file it may be as large as that, for which {@code bytes} is 0. */
    Job create(Pool pool, String name, DiskFormat format, long bytes, String json) {
        Path target = pool.requireFree(name);
        ImageOptions options = ImageOptions.read(format, json);
        PoolImage backing = stores.pools().backing(options.backing());
        long size = bytes == 0 && backing != null ? backing.facts().sizeBytes() : bytes;
        ImageCreation.requireSize(size);
        if (format == DiskFormat.QCOW2) {
            options.qcow2().requireSize(size);
        }
        requireReachable(pool, target, backing);
        stores.requireSecret(options.secret());
        pool.requireRoom(name, size);
        Set<Path> reads = backing == null ? Set.of() : ImageAccess.files(backing);
        return start(JobKind.CREATE, pool, name, Set.of(target), reads, control -> {
            creation.create(pool, name, size, options, backing);
            return JobOutcome.DONE;
        });
    }

    /** Refuses a backing file that the rules of the pool would not let the image lead to. */
    private void requireReachable(Pool pool, Path image, @Nullable PoolImage backing) {
        if (backing == null) {
            return;
        }
        BackingReference reference = ImageAccess.reference(pool.directory(), backing);
        try {
            stores.locations().rulesFor(image).resolve(image.toString(), reference.path());
        } catch (DiskImageException e) {
            throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Copies an image to a new one. */
    Job convert(Pool pool, PoolImage source, Pool targetPool, String name, DiskFormat format, String json) {
        Path target = targetPool.requireFree(name);
        ImageOptions options = ImageOptions.read(format, json);
        PoolImage backing = stores.pools().backing(options.backing());
        requireReachable(targetPool, target, backing);
        stores.requireSecret(options.secret());
        targetPool.requireRoom(name, source.facts().sizeBytes());
        Set<Path> reads = ImageAccess.files(source);
        if (backing != null) {
            reads.addAll(ImageAccess.files(backing));
        }
        return start(JobKind.CONVERT, targetPool, name, Set.of(target), reads, control -> {
            Conversion conversion = new Conversion(
                    means(), creation.maker(targetPool, target, options, backing), NewImage.Existing.REFUSE);
            try (DiskImage from = access.open(source, Access.READ_ONLY)) {
                conversion.run(from, target, control);
            }
            targetPool.register(name, ImageCreation.entry(options));
            return JobOutcome.of("made from " + pool.name() + "/" + source.name());
        });
    }

    /** Looks whether the structures of an image agree with one another. */
    Job check(Pool pool, PoolImage image) {
        requireQcow2(image, "structures to check");
        return start(JobKind.CHECK, pool, image.name(), Set.of(), Set.of(image.path()), control -> {
            try (Storage file = access.openFile(image, Access.READ_ONLY)) {
                return outcome(Qcow2Check.check(posix, file, control));
            }
        });
    }

    /** Brings the structures of an image to agree with one another. */
    Job repair(Pool pool, PoolImage image, String what) {
        requireQcow2(image, "structures to repair");
        Repair repair = switch (what) {
            case "LEAKS" -> Repair.LEAKS;
            case "ALL" -> Repair.ALL;
            default -> throw new IllegalArgumentException("what is \"" + what + "\"; give LEAKS or ALL");
        };
        return start(JobKind.REPAIR, pool, image.name(), Set.of(image.path()), Set.of(), control -> {
            try (Storage file = access.openFile(image, Access.READ_WRITE)) {
                return outcome(Qcow2Check.repair(posix, file, repair, control));
            }
        });
    }

    private static void requireQcow2(PoolImage image, String what) {
        if (image.entry().format() != DiskFormat.QCOW2) {
            throw new IllegalArgumentException("image " + image.name() + " is "
                    + image.entry().format().text() + " and has no " + what + "; qcow2 images have");
        }
    }

    private static JobOutcome outcome(CheckResult result) {
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("corruptions", result.corruptions());
        figures.put("leaks", result.leaks());
        figures.put("checkErrors", result.checkErrors());
        figures.put("corruptionsFixed", result.corruptionsFixed());
        figures.put("leaksFixed", result.leaksFixed());
        figures.put("imageEndBytes", result.imageEndOffset());
        String fixed = result.corruptionsFixed() + result.leaksFixed() > 0
                ? "; " + result.corruptionsFixed() + " corruptions and " + result.leaksFixed() + " leaks were repaired"
                : "";
        String verdict = result.clean()
                ? "nothing is wrong with it"
                : result.corruptions() + " corruptions, " + result.leaks() + " leaked clusters, " + result.checkErrors()
                        + " places that could not be checked: " + String.join("; ", result.findings());
        return new JobOutcome(verdict + fixed, figures);
    }

    /** Changes the size of a disk. */
    Job resize(Pool pool, PoolImage image, long bytes) {
        ImageCreation.requireSize(bytes);
        stores.use().requireNothingOnTop(pool, image);
        long before = image.facts().sizeBytes();
        if (bytes > before) {
            pool.requireRoom(image.name(), bytes - before);
        }
        return start(JobKind.RESIZE, pool, image.name(), Set.of(image.path()), ImageAccess.files(image), control -> {
            try (DiskImage disk = access.open(image, Access.READ_WRITE)) {
                disk.resize(bytes);
                disk.flush();
            }
            return JobOutcome.of("from " + before + " to " + bytes + " bytes");
        });
    }

    /** Compares the contents of two disks. */
    Job compare(Pool pool, PoolImage first, PoolImage second) {
        Set<Path> reads = ImageAccess.files(first);
        reads.addAll(ImageAccess.files(second));
        return start(JobKind.COMPARE, pool, first.name(), Set.of(), reads, control -> {
            try (DiskImage one = access.open(first, Access.READ_ONLY);
                    DiskImage other = access.open(second, Access.READ_ONLY)) {
                Comparison.Result result =
                        new Comparison(means(), Comparison.Strictness.CONTENTS).run(one, other, control);
                boolean same = result.verdict() == Comparison.Verdict.IDENTICAL;
                return new JobOutcome(
                        same ? "the two show the same" : "they differ first at byte " + result.firstDifference(),
                        Map.of("identical", same ? 1L : 0L, "firstDifferenceBytes", result.firstDifference()));
            }
        });
    }

    /** Says how many bytes a copy of an image in another format takes. */
    Job measure(Pool pool, PoolImage image, DiskFormat format, String json) {
        ImageOptions options = ImageOptions.read(format, json);
        PoolImage backing = stores.pools().backing(options.backing());
        return start(JobKind.MEASURE, pool, image.name(), Set.of(), ImageAccess.files(image), control -> {
            try (DiskImage disk = access.open(image, Access.READ_ONLY)) {
                Measurement measured = format == DiskFormat.QCOW2
                        ? Measurement.ofContents(disk, creation.qcow2(pool, options, backing))
                        : rawMeasurement(disk, control);
                return new JobOutcome(
                        "it takes " + measured.requiredBytes() + " bytes, and " + measured.fullyAllocatedBytes()
                                + " when all of its disk is written",
                        Map.of(
                                "requiredBytes",
                                measured.requiredBytes(),
                                "fullyAllocatedBytes",
                                measured.fullyAllocatedBytes()));
            }
        });
    }

    private static Measurement rawMeasurement(DiskImage disk, Progress progress) throws IOException {
        long[] data = new long[1];
        ImageMap.walk(
                disk, 0, disk.sizeBytes(), extent -> data[0] += extent.readsAsZeros() ? 0 : extent.bytes(), progress);
        return new Measurement(data[0], disk.sizeBytes());
    }

    /** Puts an image over another backing file, or over none. */
    Job rebase(Pool pool, PoolImage image, String below, String mode) {
        requireQcow2(image, "backing file");
        Rebase.Contents contents = switch (mode) {
            case "KEEP" -> Rebase.Contents.KEPT;
            case "FOLLOW" -> Rebase.Contents.FOLLOW;
            default -> throw new IllegalArgumentException("contents is \"" + mode + "\"; give KEEP or FOLLOW");
        };
        stores.use().requireNothingOnTop(pool, image);
        PoolImage backing = stores.pools().backing(below);
        requireReachable(pool, image.path(), backing);
        if (backing != null && (backing.path().equals(image.path()) || backing.liesOn(image.path()))) {
            throw new IllegalArgumentException("backing is \"" + below + "\"; that image lies on this one itself");
        }
        Set<Path> reads = ImageAccess.files(image);
        if (backing != null) {
            reads.addAll(ImageAccess.files(backing));
        }
        return start(JobKind.REBASE, pool, image.name(), Set.of(image.path()), reads, control -> {
            try (DiskImage disk = access.open(image, Access.READ_WRITE)) {
                DiskImage next = backing == null ? null : access.open(backing, Access.READ_ONLY);
                BackingReference reference = backing == null ? null : ImageAccess.reference(pool.directory(), backing);
                new Rebase(means(), contents).run(layered(image, disk), reference, next, control);
            }
            return JobOutcome.DONE;
        });
    }

    private static LayeredImage layered(PoolImage image, DiskImage disk) throws DiskImageException {
        if (disk instanceof LayeredImage layered) {
            return layered;
        }
        throw new DiskImageException(
                DiskImageException.Kind.UNSUPPORTED, image.path().toString(), "its format has no backing files");
    }

    /** Moves what an image has itself down into its backing file. */
    Job commit(Pool pool, PoolImage image) {
        PoolImage below = stores.use().requireBackingInPool(image);
        stores.use().requireNothingOnTop(pool, image);
        stores.use().requireAloneOn(image, below);
        Set<Path> reads = ImageAccess.files(image);
        int unit = (int) Math.max(1 << 16, below.facts().clusterBytes());
        return start(JobKind.COMMIT, pool, image.name(), Set.of(image.path(), below.path()), reads, control -> {
            try (SwitchableImage disk = new SwitchableImage(image.name(), access.open(image, Access.READ_WRITE))) {
                new Commit(means(), disk).run(how -> access.open(below, how), unit, control);
            }
            return JobOutcome.of("its backing file " + below.path() + " now shows the same");
        });
    }

    /** Copies up what the images below show, and takes them out of the chain. */
    Job stream(Pool pool, PoolImage image) {
        requireQcow2(image, "backing file");
        stores.use().requireNothingOnTop(pool, image);
        Set<Path> reads = ImageAccess.files(image);
        return start(JobKind.STREAM, pool, image.name(), Set.of(image.path()), reads, control -> {
            try (SwitchableImage disk = new SwitchableImage(image.name(), access.open(image, Access.READ_WRITE))) {
                new Streaming(means(), disk).run(null, control);
            }
            return JobOutcome.of("it stands alone now");
        });
    }

    /** Takes an internal snapshot of a disk. */
    Job createSnapshot(Pool pool, PoolImage image, String name) {
        return onSnapshots(pool, image, JobKind.SNAPSHOT_CREATE, disk -> {
            disk.snapshots().create(name, 0, 0);
            return "snapshot \"" + name + "\" was taken";
        });
    }

    /** Has a disk be what it was when a snapshot was taken. */
    Job applySnapshot(Pool pool, PoolImage image, String idOrName) {
        stores.use().requireNothingOnTop(pool, image);
        return onSnapshots(pool, image, JobKind.SNAPSHOT_APPLY, disk -> {
            disk.snapshots().apply(idOrName);
            return "the disk is as it was when snapshot \"" + idOrName + "\" was taken";
        });
    }

    /** Deletes an internal snapshot. */
    Job deleteSnapshot(Pool pool, PoolImage image, String idOrName) {
        return onSnapshots(pool, image, JobKind.SNAPSHOT_DELETE, disk -> {
            disk.snapshots().delete(idOrName);
            return "snapshot \"" + idOrName + "\" is gone";
        });
    }

    private interface SnapshotChange {
        String on(Qcow2Image disk) throws IOException;
    }

    private Job onSnapshots(Pool pool, PoolImage image, JobKind kind, SnapshotChange change) {
        requireQcow2(image, "snapshots");
        return start(kind, pool, image.name(), Set.of(image.path()), ImageAccess.files(image), control -> {
            try (DiskImage disk = access.open(image, Access.READ_WRITE)) {
                if (!(disk instanceof Qcow2Image qcow2)) {
                    throw new IOException(image.path() + ": its format has no snapshots");
                }
                String done = change.on(qcow2);
                qcow2.flush();
                return JobOutcome.of(done);
            }
        });
    }
}
