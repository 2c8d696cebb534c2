package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.job.JobOutcome;
import org.kvmbeans.export.job.JobRequest;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.export.job.Jobs;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * Images that come from clients, part after part, into files that get their names when all has come. Any thread may call; the
 * parts of one upload come one after the other.
 */
final class Uploads {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(10);
    private static final int MOST_AT_ONCE = 32;

    private final Jobs jobs;
    private final ImageInspector inspector;
    private final Function<Path, ImageRules> rules;
    private final Map<Long, Upload> uploads = new HashMap<>();

    private static final class Upload {
        private final Pool pool;
        private final String name;
        private final DiskFormat format;
        private final long bytes;
        private final Path file;
        private final FileChannel channel;
        private @Nullable Job job;
        private long received;
        private long lastNanos = System.nanoTime();
        private boolean closed;

        Upload(Pool pool, String name, DiskFormat format, long bytes, Path file, FileChannel channel) {
            this.pool = pool;
            this.name = name;
            this.format = format;
            this.bytes = bytes;
            this.file = file;
            this.channel = channel;
        }
    }

    /** @param rules which further files an image may lead to */
    Uploads(Jobs jobs, ImageInspector inspector, Function<Path, ImageRules> rules) {
        this.jobs = jobs;
        this.inspector = inspector;
        this.rules = rules;
    }

    /** Begins an upload. */
    Job begin(Pool pool, String name, DiskFormat format, long bytes) {
        Path target = pool.requireFree(name);
        if (bytes <= 0) {
            throw new IllegalArgumentException("bytes is " + bytes + "; give the length of the file, above 0");
        }
        pool.requireRoom(name, bytes);
        if (bytes > pool.content().freeBytes()) {
            throw new IllegalStateException("the file system of pool " + pool.name() + " has "
                    + pool.content().freeBytes() + " bytes free, and " + bytes + " are to come; make room");
        }
        Upload upload = open(pool, name, format, bytes);
        try {
            JobRequest request = new JobRequest(
                    JobKind.UPLOAD,
                    Owner.pool(pool.name()),
                    pool.name() + "/" + name,
                    ObjectNames.image(pool.name(), name),
                    Set.of(target),
                    Set.of());
            synchronized (upload) { // whoever cancels at once waits for it
                Job job = jobs.open(request, () -> cancelled(upload));
                upload.job = job;
                job.note(0, bytes);
                synchronized (uploads) {
                    uploads.put(job.id(), upload);
                }
                return job;
            }
        } catch (RuntimeException e) {
            discard(upload);
            throw e;
        }
    }

    private Upload open(Pool pool, String name, DiskFormat format, long bytes) {
        synchronized (uploads) {
            if (uploads.size() >= MOST_AT_ONCE) {
                throw new IllegalStateException(
                        MOST_AT_ONCE + " uploads are under way already; try again when some have ended");
            }
        }
        Path file = pool.unfinished(name);
        try {
            OwnerOnlyFiles.createFile(file);
            return new Upload(pool, name, format, bytes, file, FileChannel.open(file, StandardOpenOption.WRITE));
        } catch (IOException e) {
            throw new IllegalStateException(file + " cannot be made: " + e.getMessage(), e);
        }
    }

    /** Takes the next part of an upload to a pool. */
    void append(Pool pool, long id, long offset, String base64) {
        Upload upload = find(pool, id);
        byte[] part = Parts.decoded(base64);
        synchronized (upload) {
            requireOpen(upload, id);
            if (offset != upload.received) {
                throw new IllegalArgumentException(
                        "offset is " + offset + "; the next part of upload " + id + " begins at " + upload.received);
            }
            if (part.length > upload.bytes - offset) {
                throw new IllegalArgumentException("the part has " + part.length + " bytes, but of " + upload.bytes
                        + " bytes only " + (upload.bytes - offset) + " are still to come");
            }
            try {
                ByteBuffer rest = ByteBuffer.wrap(part);
                for (long at = offset; rest.hasRemaining(); ) {
                    at += upload.channel.write(rest, at);
                }
            } catch (IOException e) {
                fail(upload, "it cannot be written: " + e.getMessage());
                throw new IllegalStateException(upload.file + " cannot be written: " + e.getMessage(), e);
            }
            upload.received += part.length;
            upload.lastNanos = System.nanoTime();
            job(upload).note(upload.received, upload.bytes);
        }
    }

    /** Ends an upload of which all has come. Returns the image's name. */
    String finish(Pool pool, long id) {
        Upload upload = find(pool, id);
        synchronized (upload) {
            requireOpen(upload, id);
            if (upload.received != upload.bytes) {
                throw new IllegalStateException("of upload " + id + " " + upload.received + " of " + upload.bytes
                        + " bytes have come; send the rest, or cancel it");
            }
            try {
                upload.channel.force(true);
                ImageFacts facts = inspector.inspect(upload.file, upload.format, rules.apply(upload.file));
                if (!facts.problem().isEmpty()) {
                    throw new IOException("it is no usable " + upload.format.text() + " image: " + facts.problem());
                }
                upload.pool.publish(upload.file, upload.name, new ImageRegistry.Entry(upload.format, ""));
            } catch (IOException e) {
                fail(upload, String.valueOf(e.getMessage()));
                throw new IllegalStateException(upload.pool.name() + "/" + upload.name + ": " + e.getMessage(), e);
            }
            close(upload);
        }
        jobs.end(job(upload), JobState.COMPLETED, JobOutcome.of(upload.bytes + " bytes have come"), "");
        return upload.name;
    }

    /** Calls off the uploads that nothing comes for. */
    void expire() {
        long now = System.nanoTime();
        List<Upload> all;
        synchronized (uploads) {
            all = List.copyOf(uploads.values());
        }
        for (Upload upload : all) {
            synchronized (upload) {
                if (!upload.closed && now - upload.lastNanos > PATIENCE_NANOS) {
                    fail(upload, "nothing came for ten minutes");
                }
            }
        }
    }

    private Upload find(Pool pool, long id) {
        Upload upload;
        synchronized (uploads) {
            upload = uploads.get(id);
        }
        if (upload == null || upload.pool != pool) {
            throw new IllegalArgumentException(
                    "id is " + id + "; pool " + pool.name() + " has no upload of that number under way");
        }
        return upload;
    }

    private static void requireOpen(Upload upload, long id) {
        if (upload.closed) {
            throw new IllegalStateException("upload " + id + " has ended: see its job; begin another one");
        }
    }

    private static Job job(Upload upload) {
        Job job = upload.job;
        if (job == null) {
            throw new IllegalStateException("an upload has its job before it gets its first part");
        }
        return job;
    }

    private void cancelled(Upload upload) {
        synchronized (upload) {
            if (upload.closed) {
                return;
            }
            discard(upload);
        }
        jobs.end(job(upload), JobState.CANCELLED, JobOutcome.DONE, "");
    }

    private void fail(Upload upload, String reason) {
        discard(upload);
        jobs.end(job(upload), JobState.FAILED, JobOutcome.DONE, reason);
    }

    private void discard(Upload upload) {
        close(upload);
        try {
            Files.deleteIfExists(upload.file);
        } catch (IOException e) {
            throw new IllegalStateException(upload.file + " cannot be removed: " + e.getMessage(), e);
        }
    }

    private void close(Upload upload) {
        upload.closed = true;
        synchronized (uploads) {
            uploads.values().remove(upload);
        }
        try {
            upload.channel.close();
        } catch (IOException e) {
            throw new IllegalStateException(upload.file + " cannot be closed: " + e.getMessage(), e);
        }
    }
}
