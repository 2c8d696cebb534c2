package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.Qcow2Header;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.sys.Posix;

/** What one pass over an image works on: the image, what it has found, and how far it has come. */
final class Scope {
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

    void expect(long units) {
        totalUnits += units;
    }

    /** Tells that bytes of tables have been looked at. */
    void advance(long units) {
        doneUnits += units;
        progress.advance(doneUnits, Math.max(doneUnits, totalUnits));
    }

    /**
     * Whether an offset is where a cluster of the file begins, behind the first one.
     */
    boolean isCluster(long offset) {
        return offset > 0 && layout.aligned(offset) && offset >>> layout.clusterBits() < fileClusters;
    }

    /**
     * Counts metadata that nothing may share.
     *
     * @param what its name in messages, with an article
     * @return whether it lies within the file, and shares no cluster with other metadata
     */
    boolean claim(String what, long offset, long bytes) throws IOException {
        if (bytes == 0) {
            return true;
        }
        long end = layout.clusters(offset + bytes);
        if (offset < 0 || bytes < 0 || offset > Long.MAX_VALUE - bytes || end > fileClusters) {
            findings.corruption(what + " at byte " + Long.toUnsignedString(offset) + " with " + Long.toUnsignedString(bytes)
                    + " bytes ends beyond the file");
            return false;
        }
        long first = offset >>> layout.clusterBits();
        for (long cluster = first; cluster < end; cluster++) {
            if (references.state(cluster) != 0) {
                findings.corruption(what + " at byte " + offset + " lies in the same cluster as other metadata, at byte "
                        + (cluster << layout.clusterBits()));
                return false;
            }
        }
        for (long cluster = first; cluster < end; cluster++) {
            references.add(cluster, 1, References.EXCLUSIVE);
        }
        return true;
    }
}
