package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/**
 * The table of internal snapshots (specification, "Snapshots").
 *
 * @param snapshots in the order of the table
 * @param storedBytes that the table takes in the image
 */
public record SnapshotTable(List<Snapshot> snapshots, long storedBytes) {
    /** The most bytes of a table, as QEMU has it. */
    public static final int MAX_BYTES = 64 << 20;

    private static final int FIXED_BYTES = 40;
    /** Bytes 40 to 63: size of the VM state, size of the disk, instruction count. */
    private static final int KNOWN_EXTRA_BYTES = 24;

    public SnapshotTable {
        snapshots = List.copyOf(snapshots);
    }

    /**
     * Reads the table that a header points to.
     *
     * @throws DiskImageException CORRUPT where entries do not end where they may; what their L1 tables are like
     *     {@link Snapshot#requireUsable} says
     */
    public static SnapshotTable read(Posix posix, Storage storage, Qcow2Header header) throws IOException {
        TablePointer table = header.snapshotTable();
        List<Snapshot> snapshots = new ArrayList<>();
        if (table.count() == 0) {
            return new SnapshotTable(snapshots, 0);
        }
        SequentialReader reader = new SequentialReader(posix, storage, "snapshot table", table.offset(), MAX_BYTES);
        for (int i = 0; i < table.count(); i++) {
            reader.align();
            snapshots.add(readEntry(storage.name(), i, reader));
        }
        return new SnapshotTable(snapshots, reader.passedBytes());
    }

    private static Snapshot readEntry(String image, int index, SequentialReader reader) throws IOException {
        ByteBuffer fixed = reader.take(FIXED_BYTES);
        long l1Entries = Integer.toUnsignedLong(fixed.getInt(8));
        if (l1Entries > Qcow2Layout.MAX_L1_BYTES / Long.BYTES) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    image,
                    "the L1 table of its snapshot number " + index + " has " + l1Entries + " entries; at most "
                            + Qcow2Layout.MAX_L1_BYTES / Long.BYTES + " are allowed");
        }
        long extraBytes = Integer.toUnsignedLong(fixed.getInt(36));
        if (extraBytes > Snapshot.MAX_EXTRA_BYTES) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    image,
                    "the entry of its snapshot number " + index + " has " + extraBytes
                            + " bytes of extra data; at most " + Snapshot.MAX_EXTRA_BYTES + " are allowed");
        }
        ByteBuffer extra = reader.take((int) extraBytes);
        StoredName id = new StoredName(reader.take(Short.toUnsignedInt(fixed.getShort(12))));
        StoredName name = new StoredName(reader.take(Short.toUnsignedInt(fixed.getShort(14))));
        int known = Math.min(KNOWN_EXTRA_BYTES, extra.capacity());
        return new Snapshot(
                id,
                name,
                new TablePointer(fixed.getLong(0), (int) l1Entries),
                Integer.toUnsignedLong(fixed.getInt(16)),
                fixed.getInt(20),
                fixed.getLong(24),
                extra(extra, 0, Integer.toUnsignedLong(fixed.getInt(32))),
                extra(extra, 8, -1),
                extra(extra, 16, -1),
                extra.slice(known, extra.capacity() - known));
    }

    private static long extra(ByteBuffer extra, int offset, long otherwise) {
        return extra.capacity() >= offset + Long.BYTES ? extra.getLong(offset) : otherwise;
    }

    /**
     * Encodes a table.
     *
     * @param imageDiskBytes of the disk, for snapshots that do not say
     * @throws IllegalArgumentException where there are too many snapshots, or their names are too long
     */
    public static ByteBuffer encode(List<Snapshot> snapshots, long imageDiskBytes) {
        long bytes = 0;
        for (Snapshot snapshot : snapshots) {
            bytes = bytes + 7 & -8;
            bytes += FIXED_BYTES
                    + KNOWN_EXTRA_BYTES
                    + snapshot.unknownExtra().capacity()
                    + snapshot.id().length()
                    + snapshot.name().length();
        }
        if (snapshots.size() > Qcow2Header.MAX_SNAPSHOTS || bytes > MAX_BYTES) {
            throw new IllegalArgumentException(snapshots.size() + " snapshots whose table has " + bytes
                    + " bytes: there may be " + Qcow2Header.MAX_SNAPSHOTS + " in " + MAX_BYTES + " bytes");
        }
        ByteBuffer table = ByteBuffer.allocate((int) bytes).order(ByteOrder.BIG_ENDIAN);
        for (Snapshot snapshot : snapshots) {
            table.position(table.position() + 7 & -8);
            putEntry(table, snapshot, imageDiskBytes);
        }
        return table.flip();
    }

    private static void putEntry(ByteBuffer table, Snapshot snapshot, long imageDiskBytes) {
        long vmState = snapshot.vmStateBytes();
        table.putLong(snapshot.l1Table().offset())
                .putInt(snapshot.l1Table().count())
                .putShort(length("id", snapshot.id()))
                .putShort(length("name", snapshot.name()))
                .putInt((int) snapshot.takenSeconds())
                .putInt(snapshot.takenNanos())
                .putLong(snapshot.guestClockNanos())
                // A reader that knows 32 bits alone had better find no state than a part of one.
                .putInt(vmState >>> Integer.SIZE == 0 ? (int) vmState : 0)
                .putInt(KNOWN_EXTRA_BYTES + snapshot.unknownExtra().capacity())
                .putLong(vmState)
                .putLong(snapshot.diskBytes(imageDiskBytes))
                .putLong(snapshot.instructionCount())
                .put(snapshot.unknownExtra())
                .put(snapshot.id().bytes())
                .put(snapshot.name().bytes());
    }

    private static short length(String what, StoredName name) {
        if (name.length() > 0xFFFF) {
            throw new IllegalArgumentException(
                    "the " + what + " of a snapshot has " + name.length() + " bytes: it may have 65535");
        }
        return (short) name.length();
    }
}
