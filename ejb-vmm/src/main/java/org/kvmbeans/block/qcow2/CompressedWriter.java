package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.sys.IoVector;

/** Writes clusters compressed, one after the other without gaps. May be used from any thread. */
final class CompressedWriter {
    private final Metadata metadata;
    private final Qcow2Layout layout;
    private final Allocator allocator;
    private final Compressor.Pool compressors;

    CompressedWriter(Metadata metadata, Allocator allocator, CompressionType type) {
        this.metadata = metadata;
        this.layout = metadata.layout;
        this.allocator = allocator;
        compressors = new Compressor.Pool(type);
    }

    void close() {
        compressors.close();
    }

    /**
     * Writes a cluster.
     *
     * @param offset where it begins
     * @param source all of it, or what there is of it on the disk
     * @return false where it does not get smaller, or nothing can point to it: it is to be written as it is
     */
    boolean write(long offset, IoVector source, Scratch scratch) throws IOException {
        int clusterBytes = layout.clusterBytes();
        int length = (int) source.totalBytes();
        ByteBuffer cluster = scratch.bounce(Scratch.PLAIN, clusterBytes).bytes(0, clusterBytes);
        source.copyTo(0, cluster.limit(length));
        cluster.limit(clusterBytes);
        while (cluster.hasRemaining()) {
            cluster.put((byte) 0);
        }
        // A byte less than a cluster, or it is not worth it.
        Scratch.Bounce coded = scratch.bounce(Scratch.CODED, clusterBytes);
        int bytes = compressors.compress(cluster.clear(), coded.bytes(0, clusterBytes - 1));
        return bytes > 0 && place(offset, bytes, coded);
    }

    private boolean place(long offset, int bytes, Scratch.Bounce coded) throws IOException {
        InFlight.Claim claim;
        long host;
        while (true) {
            metadata.writeBack.prepare(allocator.clustersFor(layout.clusterBytes()));
            metadata.lock.lock();
            try {
                int age = metadata.gate.enter();
                metadata.leave(age);
                long first = metadata.clusterOf(offset);
                if (metadata.inFlight.overlapping(first, first + 1) != null) {
                    metadata.inFlight.await();
                    continue;
                }
                if (!metadata.refcounts.covers(allocator.clustersFor(layout.clusterBytes()))) {
                    continue;
                }
                allocator.ensureOwnTable(offset);
                host = metadata.refcounts.allocateBytes(bytes, layout.compressedOffsetLimit());
                if (host < 0) {
                    return false;
                }
                claim = metadata.inFlight.claim(first, first + 1);
                break;
            } finally {
                metadata.lock.unlock();
            }
        }
        boolean written = false;
        try {
            metadata.storage.write(host, coded.vector(bytes));
            written = true;
        } finally {
            metadata.lock.lock();
            try {
                finish(offset, layout.compressedEntry(host, bytes), written);
            } finally {
                metadata.inFlight.release(claim);
                metadata.lock.unlock();
            }
        }
        return true;
    }

    private void finish(long offset, long entry, boolean written) throws IOException {
        boolean linked = false;
        try {
            if (written) {
                allocator.linkCompressed(offset, entry);
                linked = true;
            }
        } finally {
            if (!linked) {
                long host = layout.compressedOffset(entry);
                long first = host >>> layout.clusterBits();
                long last = (host + layout.compressedBytes(entry) - 1) >>> layout.clusterBits();
                metadata.refcounts.add(first, last - first + 1, -1);
            }
        }
    }
}
