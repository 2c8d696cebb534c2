package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.nbd.NbdAddress;
import org.kvmbeans.block.nbd.NbdExport;
import org.kvmbeans.block.nbd.NbdServer;
import org.kvmbeans.block.nbd.NbdServerOptions;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.job.JobOutcome;
import org.kvmbeans.export.job.JobRequest;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.export.job.Jobs;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.Posix;

/** Images that are offered to other programs over NBD. Each is a job that runs until somebody ends it. Any thread may call. */
final class Exports {
    private final Posix posix;
    private final Jobs jobs;
    private final ImageAccess access;
    private final Map<Path, Export> exports = new HashMap<>();

    private static final class Export {
        private final NbdServer server;
        private final DiskImage image;
        private @Nullable Job job;

        Export(NbdServer server, DiskImage image) {
            this.server = server;
            this.image = image;
        }
    }

    Exports(Posix posix, Jobs jobs, ImageAccess access) {
        this.posix = posix;
        this.jobs = jobs;
        this.access = access;
    }

    /**
     * Offers an image.
     *
     * @param host the address to listen at
     * @param port 0 for one that is free
     * @return what clients open
     */
    String start(Pool pool, PoolImage image, String host, int port, Access mode) {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is " + port + "; give 1 to 65535, or 0 for one that is free");
        }
        boolean writable = mode == Access.READ_WRITE;
        Set<Path> writes = writable ? Set.of(image.path()) : Set.of();
        Set<Path> reads = new TreeSet<>(ImageAccess.files(image));
        reads.removeAll(writes);
        JobRequest request = new JobRequest(
                JobKind.EXPORT,
                Owner.pool(pool.name()),
                pool.name() + "/" + image.name(),
                ObjectNames.image(pool.name(), image.name()),
                writes,
                reads);
        synchronized (this) {
            if (exports.containsKey(image.path())) {
                throw new IllegalStateException(
                        "image " + pool.name() + "/" + image.name() + " is exported already at " + uri(image.path()));
            }
            Export export = open(image, host, port, mode);
            try {
                export.job = jobs.open(request, () -> stop(image.path(), JobState.CANCELLED));
            } catch (RuntimeException e) {
                close(export);
                throw e;
            }
            exports.put(image.path(), export);
            return uri(image.path());
        }
    }

    private Export open(PoolImage image, String host, int port, Access mode) {
        try {
            DiskImage disk = access.open(image, mode);
            try {
                NbdServer server = NbdServer.start(posix, NbdServerOptions.at(new NbdAddress.Tcp(host, port)));
                server.export(new NbdExport(image.name(), disk, mode));
                return new Export(server, disk);
            } catch (IOException | RuntimeException e) {
                disk.close();
                throw e;
            }
        } catch (IOException e) {
            throw new IllegalStateException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What clients open; empty where the image is not exported. */
    synchronized String uri(Path image) {
        Export export = exports.get(image);
        return export == null
                ? ""
                : export.server.uri(String.valueOf(image.getFileName())).toString();
    }

    /** Offers an image no longer: requests in progress are answered. */
    void stop(Path image) {
        if (!stop(image, JobState.COMPLETED)) {
            throw new IllegalStateException(image + " is not exported");
        }
    }

    private boolean stop(Path image, JobState how) {
        Export export;
        synchronized (this) {
            export = exports.remove(image);
        }
        if (export == null) {
            return false;
        }
        close(export);
        Job job = export.job;
        if (job != null) {
            jobs.end(job, how, JobOutcome.DONE, "");
        }
        return true;
    }

    private static void close(Export export) {
        export.server.stop();
        try {
            export.image.flush();
            export.image.close();
        } catch (IOException e) {
            throw new IllegalStateException("what clients wrote may not be durable: " + e.getMessage(), e);
        }
    }
}
