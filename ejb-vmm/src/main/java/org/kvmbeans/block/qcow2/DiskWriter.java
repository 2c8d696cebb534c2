package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.IoVector;

/** Writes the disk. May be used from any thread. */
final class DiskWriter {
    /** From so many bytes of zeros on, the storage is asked to make them rather than given them. */
    private static final int ZEROS_TO_ASK_FOR = 64 << 10;

    private static final int MAX_POPULATED_BYTES = 1 << Qcow2Layout.MAX_CLUSTER_BITS;

    /** The most segments that what is copied behind the request's data takes. */
    private static final int MAX_COPY_SEGMENTS = 64;

    private final Metadata metadata;
    private final DiskReader reader;
    private final DiskData data;
    private final Allocator allocator;

    DiskWriter(Metadata metadata, DiskReader reader, DiskData data, Allocator allocator) {
        this.metadata = metadata;
        this.reader = reader;
        this.data = data;
        this.allocator = allocator;
    }

    /** Writes all of a request's memory to a stretch of the disk. */
    void write(long offset, IoVector source, Scratch scratch) throws IOException {
        long total = source.totalBytes();
        for (long done = 0; done < total; ) {
            done += writeSome(offset + done, source, done, scratch);
        }
    }

    /** As {@link org.kvmbeans.block.DiskImage#writeAtOnce}: where that is one stretch of the image's own clusters. */
    boolean writeAtOnce(long offset, IoVector source, Run run) throws IOException {
        long length = source.totalBytes();
        int age = metadata.findAtOnce(offset, length, run);
        if (age < 0) {
            return false;
        }
        try {
            return run.kind == Run.Kind.DATA
                    && run.own
                    && run.bytes == length
                    && !data.encrypted()
                    && data.storage().writeAtOnce(run.hostOffset, source);
        } finally {
            metadata.leave(age);
        }
    }

    private long writeSome(long offset, IoVector source, long at, Scratch scratch) throws IOException {
        long most = source.totalBytes() - at;
        int age = metadata.findAndEnter(offset, most, scratch.run);
        try {
            Run run = scratch.run;
            if (run.kind == Run.Kind.DATA && run.own) {
                data.write(run.hostOffset, offset, scratch.part(source, at, run.bytes), scratch);
                return run.bytes;
            }
            if (!plan(offset, most, scratch)) {
                return 0;
            }
            Allocation plan = scratch.allocation;
            carryOut(plan, source, at, scratch);
            return plan.writeEnd - plan.writeStart;
        } finally {
            metadata.leave(age);
        }
    }

    /** False where the stretch is to be looked at anew. */
    private boolean plan(long offset, long most, Scratch scratch) throws IOException {
        long clusters = allocator.clustersFor(most);
        metadata.writeBack.prepare(clusters);
        metadata.lock.lock();
        try {
            long first = metadata.clusterOf(offset);
            if (metadata.inFlight.overlapping(first, first + 1) != null) {
                metadata.inFlight.await();
                return false;
            }
            if (!metadata.refcounts.covers(clusters)
                    || !metadata.map.find(offset, most, scratch.run)
                    || (scratch.run.kind == Run.Kind.DATA && scratch.run.own)) {
                return false;
            }
            allocator.plan(offset, most, null, scratch.allocation);
            return true;
        } finally {
            metadata.lock.unlock();
        }
    }

    /** Writes what was planned, and links it. */
    private void carryOut(Allocation plan, IoVector source, long at, Scratch scratch) throws IOException {
        boolean written = false;
        try {
            writeData(plan, source, at, scratch);
            written = true;
        } finally {
            finish(plan, written);
        }
    }

    private void finish(Allocation plan, boolean written) throws IOException {
        metadata.lock.lock();
        try {
            boolean linked = false;
            try {
                if (written) {
                    allocator.link(plan);
                    linked = true;
                }
            } finally {
                if (!linked) {
                    allocator.abandon(plan);
                }
            }
        } finally {
            if (plan.claim != null) {
                metadata.inFlight.release(plan.claim);
                plan.claim = null;
            }
            metadata.lock.unlock();
        }
    }

    private void writeData(Allocation plan, IoVector source, long at, Scratch scratch) throws IOException {
        IoVector vector = scratch.vector;
        vector.clear();
        long start = addCopy(plan.copyStart, plan.writeStart, Scratch.HEAD, plan, scratch)
                ? plan.copyStart
                : plan.writeStart;
        // What was copied may have used the same vector, so that this comes after it.
        IoVector part = scratch.part(source, at, plan.writeEnd - plan.writeStart);
        int segments = vector.count() + part.count();
        boolean together = segments < IoVector.MAX_SEGMENTS - MAX_COPY_SEGMENTS;
        if (!together && vector.count() > 0) {
            data.write(plan.hostOf(start), start, vector, scratch);
            vector.clear();
        }
        if (!together) {
            data.write(plan.hostOf(plan.writeStart), plan.writeStart, part, scratch);
            start = plan.writeEnd;
        } else {
            vector.append(part);
        }
        addCopy(plan.writeEnd, plan.copyEnd, Scratch.TAIL, plan, scratch);
        if (vector.count() > 0) {
            data.write(plan.hostOf(start), start, vector, scratch);
        }
        vector.clear();
    }

    /**
     * Adds what was on the disk before between two offsets.
     *
     * @return false where nothing was added, because the storage has it already
     */
    private boolean addCopy(long from, long to, int bounce, Allocation plan, Scratch scratch) throws IOException {
        if (from >= to) {
            return false;
        }
        long diskEnd = metadata.diskBytes();
        int inside = (int) Math.max(0, Math.min(to, diskEnd) - from);
        int length = (int) (to - from);
        if (reader.readsAsZeros(from, inside, scratch.run)) {
            if (plan.neverWritten && !data.encrypted()) {
                return false;
            }
            if (length >= ZEROS_TO_ASK_FOR && !data.encrypted()) {
                data.storage().writeZeroes(plan.hostOf(from), length, true);
                return false;
            }
            scratch.addZeros(scratch.vector, length);
            return true;
        }
        Scratch.Bounce copy = scratch.bounce(bounce, length);
        reader.readEntered(from, copy.vector(inside), scratch);
        copy.addTo(scratch.vector, 0, inside);
        scratch.addZeros(scratch.vector, length - inside);
        return true;
    }

    /** As {@link org.kvmbeans.block.LayeredImage#populate}. */
    void populate(long offset, long length, Zeroing zeroing, Scratch scratch) throws IOException {
        int unit = metadata.layout.subclusterBytes();
        long end = offset + length + unit - 1 & -unit;
        for (long at = offset & -unit; at < end; ) {
            at += populateSome(at, Math.min(MAX_POPULATED_BYTES, end - at), zeroing, scratch);
        }
    }

    private long populateSome(long offset, long most, Zeroing zeroing, Scratch scratch) throws IOException {
        int age = metadata.findAndEnter(offset, most, scratch.run);
        try {
            long bytes = scratch.run.bytes;
            if (scratch.run.kind != Run.Kind.UNALLOCATED || reader.backing() == null) {
                return bytes;
            }
            InFlight.Claim claim = claimUnallocated(offset, bytes, scratch);
            if (claim == null) {
                return 0;
            }
            try {
                return copyUp(offset, scratch.run.bytes, claim, zeroing, scratch);
            } finally {
                metadata.lock.lock();
                try {
                    metadata.inFlight.release(claim);
                } finally {
                    metadata.lock.unlock();
                }
            }
        } finally {
            metadata.leave(age);
        }
    }

    /** Claims the clusters of a stretch that this image still has not got; null where it is to be looked at anew. */
    private InFlight.@Nullable Claim claimUnallocated(long offset, long bytes, Scratch scratch) throws IOException {
        long clusters = allocator.clustersFor(bytes);
        metadata.writeBack.prepare(clusters);
        metadata.lock.lock();
        try {
            long first = metadata.clusterOf(offset);
            long end = metadata.clusterOf(offset + bytes - 1) + 1;
            if (metadata.inFlight.overlapping(first, end) != null) {
                metadata.inFlight.await();
                return null;
            }
            boolean found = metadata.map.find(offset, bytes, scratch.run);
            return found && scratch.run.kind == Run.Kind.UNALLOCATED ? metadata.inFlight.claim(first, end) : null;
        } finally {
            metadata.lock.unlock();
        }
    }

    /** Copies the beginning of a stretch that is claimed; how many bytes. */
    private long copyUp(long offset, long bytes, InFlight.Claim claim, Zeroing zeroing, Scratch scratch)
            throws IOException {
        if (metadata.map.hasZeroFlags() && reader.readsAsZeros(offset, bytes, scratch.run)) {
            return zeroing.zeroClaimed(offset, bytes);
        }
        Scratch.Bounce copy = scratch.bounce(Scratch.PLAIN_COPY, MAX_POPULATED_BYTES);
        reader.readEntered(offset, copy.vector((int) bytes), scratch);
        Allocation plan = scratch.allocation;
        long clusters = allocator.clustersFor(bytes);
        while (true) {
            metadata.lock.lock();
            try {
                if (metadata.refcounts.covers(clusters)) {
                    allocator.plan(offset, bytes, claim, plan);
                    break;
                }
            } finally {
                metadata.lock.unlock();
            }
            metadata.writeBack.prepare(clusters);
        }
        carryOut(plan, copy.vector((int) bytes), 0, scratch);
        return plan.writeEnd - plan.writeStart;
    }
}
