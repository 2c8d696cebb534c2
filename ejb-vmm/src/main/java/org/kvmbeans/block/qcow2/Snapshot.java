package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * An internal snapshot (specification, "Snapshots").
 *
 * @param id what it is known by, unique in the image
 * @param name what its maker calls it
 * @param l1Table its L1 table
 * @param takenSeconds when it was taken: seconds since 1970, 0 to 2^32 - 1
 * @param takenNanos and nanoseconds within the second, unsigned
 * @param guestClockNanos how long the guest had run
 * @param vmStateBytes of the VM's state, which lies behind the disk; 0 where there is none
 * @param diskBytes of the disk then; -1 where the entry does not say, and it is the image's
 * @param instructionCount of a guest that is replayed; -1 where there is none
 * @param unknownExtra further extra data, which is written as it was read
 */
public record Snapshot(
        StoredName id,
        StoredName name,
        TablePointer l1Table,
        long takenSeconds,
        int takenNanos,
        long guestClockNanos,
        long vmStateBytes,
        long diskBytes,
        long instructionCount,
        ByteBuffer unknownExtra) {
    /** The most bytes of extra data of an entry, as QEMU has it. */
    public static final int MAX_EXTRA_BYTES = 1024;

    public Snapshot {
        unknownExtra = unknownExtra.slice().asReadOnlyBuffer();
    }

    @Override
    public ByteBuffer unknownExtra() {
        return unknownExtra.duplicate();
    }

    /** The same with its L1 table at another place. */
    public Snapshot withL1Table(TablePointer newL1Table) {
        return new Snapshot(
                id,
                name,
                newL1Table,
                takenSeconds,
                takenNanos,
                guestClockNanos,
                vmStateBytes,
                diskBytes,
                instructionCount,
                unknownExtra);
    }

    /** Bytes of the disk when it was taken. */
    public long diskBytes(long imageDiskBytes) {
        return diskBytes < 0 ? imageDiskBytes : diskBytes;
    }

    /**
     * Refuses a snapshot that cannot be used.
     *
     * @throws DiskImageException CORRUPT
     */
    public void requireUsable(String image, Qcow2Header header) throws DiskImageException {
        String problem = problem(header.layout());
        long size = diskBytes(header.sizeBytes());
        if (problem == null
                && (size > header.layout().maxSizeBytes()
                        || l1Table.count() < header.layout().l1EntriesFor(size))) {
            problem = "has an L1 table of " + l1Table.count() + " entries, too few for its disk of " + size + " bytes";
        }
        if (problem != null) {
            throw new DiskImageException(Kind.CORRUPT, image, "its snapshot " + id + " " + problem);
        }
    }

    /** What is wrong with the place of its L1 table, or null. */
    public @Nullable String problem(Qcow2Layout layout) {
        boolean beginsCluster = l1Table.offset() > 0
                && layout.aligned(l1Table.offset())
                && l1Table.offset() <= Long.MAX_VALUE - Qcow2Layout.MAX_L1_BYTES;
        boolean valid = l1Table.count() == 0 || beginsCluster;
        return valid
                ? null
                : "has an L1 table at byte " + Long.toUnsignedString(l1Table.offset())
                        + "; it must begin a cluster behind the first";
    }
}
