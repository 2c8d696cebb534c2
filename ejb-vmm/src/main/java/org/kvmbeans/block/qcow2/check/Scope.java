package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.Qcow2Header;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.sys.Posix;

/** What one pass over an image works on: the image, what it has found, and how far it has come. */
final class Scope {
    private static final int PIECE_BYTES = 1 << 20;

    private final Posix posix;
    private final Storage storage;
    private final Qcow2Header header;
    private final Qcow2Layout layout;
    private final boolean repairing;
    private final Progress progress;
    private final Findings findings = new Findings();
    private final References references;
    private long fileClusters;
    private long doneUnits;
    private long totalUnits;

    /** @param repairing whether entries that lead nowhere are dropped */
    Scope(Posix posix, Storage storage, Qcow2Header header, boolean repairing, Progress progress, long maxBytes) {
        this.posix = posix;
        this.storage = storage;
        this.header = header;
        this.repairing = repairing;
        this.progress = progress;
        layout = header.layout();
        fileClusters = layout.clusters(storage.sizeBytes());
        references = new References(storage.name(), maxBytes);
    }

    Posix posix() {
        return posix;
    }

    Storage storage() {
        return storage;
    }

    Qcow2Header header() {
        return header;
    }

    Qcow2Layout layout() {
        return layout;
    }

    boolean repairing() {
        return repairing;
    }

    Findings findings() {
        return findings;
    }

    References references() {
        return references;
    }

    /** Clusters of the file; the last one may be there in part. */
    long fileClusters() {
        return fileClusters;
    }

    /** Takes a cluster behind all others. */
    long appendCluster() throws IOException {
        growTo(fileClusters + 1);
        return fileClusters - 1;
    }

    /** Makes the file at least so many clusters long. */
    void growTo(long clusters) throws IOException {
        if (clusters > fileClusters) {
            storage.resize(clusters << layout.clusterBits());
            fileClusters = clusters;
        }
    }

    /** Bytes in which tables are read: as many as pay, and a cluster at least. */
    int pieceBytes() {
        long file = Math.min(PIECE_BYTES, fileClusters << layout.clusterBits());
        return (int) Math.max(layout.clusterBytes(), file);
    }

    void expect(long units) {
        totalUnits += units;
    }

    /** Tells that bytes of tables have been looked at. */
    void advance(long units) {
        doneUnits += units;
        progress.advance(doneUnits, Math.max(doneUnits, totalUnits));
    }

    /** Tells that nothing is left to be looked at: holes were passed over. */
    void finish() {
        doneUnits = Math.max(doneUnits, totalUnits);
        progress.advance(doneUnits, doneUnits);
    }

    /**
     * Whether an offset is where a cluster of the file begins, behind the first one.
     */
    boolean isCluster(long offset) {
        return offset > 0 && layout.aligned(offset) && offset >>> layout.clusterBits() < fileClusters;
    }

    /**
     * Counts metadata that nothing may share; where it cannot be where it is said to be, that is a corruption.
     *
     * @param what its name in messages, with an article
     * @return whether it lies within the file, and shares no cluster with other metadata
     */
    boolean claim(String what, long offset, long bytes) throws IOException {
        String problem = claimed(what, offset, bytes);
        if (problem != null) {
            findings.corruption(problem);
        }
        return problem == null;
    }

    /** As {@link #claim}, for metadata without which it is not known what of the image is in use: nothing is repaired then. */
    boolean claimEssential(String what, long offset, long bytes) throws IOException {
        String problem = claimed(what, offset, bytes);
        if (problem != null) {
            findings.checkError(problem);
        }
        return problem == null;
    }

    private @Nullable String claimed(String what, long offset, long bytes) throws IOException {
        if (bytes == 0) {
            return null;
        }
        if (offset < 0
                || bytes < 0
                || offset > Long.MAX_VALUE - bytes
                || layout.clusters(offset + bytes) > fileClusters) {
            return what + " at byte " + Long.toUnsignedString(offset) + " with " + Long.toUnsignedString(bytes)
                    + " bytes ends beyond the file";
        }
        long first = offset >>> layout.clusterBits();
        long end = layout.clusters(offset + bytes);
        for (long cluster = first; cluster < end; cluster++) {
            if (references.state(cluster) != 0) {
                return what + " at byte " + offset + " lies in the same cluster as other metadata, at byte "
                        + (cluster << layout.clusterBits());
            }
        }
        for (long cluster = first; cluster < end; cluster++) {
            references.add(cluster, 1, References.EXCLUSIVE);
        }
        return null;
    }
}
