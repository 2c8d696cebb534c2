package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/** The directory of an image's bitmaps (specification, "Bitmap directory", "Bitmap table"). */
public final class BitmapDirectory {
    /** Bitmap table entries: where the offset is 0, the cluster is all ones. */
    public static final long ALL_ONES = 1;
    /** The most entries of a bitmap table, as QEMU has it. */
    public static final int MAX_TABLE_ENTRIES = 0x800_0000;

    private static final int FIXED_BYTES = 24;

    private BitmapDirectory() {}

    /**
     * Reads the directory.
     *
     * @throws DiskImageException CORRUPT where entries do not end where the directory does, or point to what no table can be
     */
    public static List<BitmapEntry> read(
            Posix posix, Storage storage, Qcow2Layout layout, BitmapDirectoryPointer directory) throws IOException {
        SequentialReader reader =
                new SequentialReader(posix, storage, "directory of bitmaps", directory.offset(), directory.bytes());
        List<BitmapEntry> entries = new ArrayList<>();
        Set<StoredName> names = new HashSet<>();
        for (int i = 0; i < directory.count(); i++) {
            BitmapEntry entry = readEntry(storage.name(), layout, reader);
            if (!names.add(entry.name())) {
                throw corrupt(storage.name(), entry.name() + " is there twice");
            }
            entries.add(entry);
            reader.align();
        }
        if (reader.passedBytes() != directory.bytes()) {
            throw corrupt(
                    storage.name(),
                    "their directory has " + directory.bytes() + " bytes, but its " + directory.count()
                            + " entries end at byte " + reader.passedBytes());
        }
        return entries;
    }

    private static BitmapEntry readEntry(String image, Qcow2Layout layout, SequentialReader reader) throws IOException {
        ByteBuffer fixed = reader.take(FIXED_BYTES);
        int nameBytes = Short.toUnsignedInt(fixed.getShort(18));
        long extraBytes = Integer.toUnsignedLong(fixed.getInt(20));
        if (nameBytes == 0 || nameBytes > BitmapEntry.MAX_NAME_BYTES || extraBytes > BitmapDirectoryPointer.MAX_BYTES) {
            throw corrupt(
                    image,
                    "one has a name of " + nameBytes + " bytes and " + extraBytes
                            + " bytes of extra data; a name has 1 to " + BitmapEntry.MAX_NAME_BYTES + " bytes");
        }
        ByteBuffer extra = reader.take((int) extraBytes);
        StoredName name = new StoredName(reader.take(nameBytes));
        long offset = fixed.getLong(0);
        long tableEntries = Integer.toUnsignedLong(fixed.getInt(8));
        if (tableEntries == 0
                || tableEntries > MAX_TABLE_ENTRIES
                || offset <= 0
                || !layout.aligned(offset)
                || offset > Long.MAX_VALUE - tableEntries * Long.BYTES) {
            throw corrupt(
                    image,
                    "the table of " + name + " lies at byte " + Long.toUnsignedString(offset) + " and has "
                            + tableEntries + " entries; it must begin a cluster behind the first and have 1 to "
                            + MAX_TABLE_ENTRIES);
        }
        return new BitmapEntry(
                new TablePointer(offset, (int) tableEntries),
                fixed.getInt(12),
                Byte.toUnsignedInt(fixed.get(16)),
                Byte.toUnsignedInt(fixed.get(17)),
                extra,
                name);
    }

    private static DiskImageException corrupt(String image, String what) {
        return new DiskImageException(Kind.CORRUPT, image, "of its bitmaps, " + what);
    }

    /**
     * Encodes a directory.
     *
     * @param entries at least one
     * @throws IllegalArgumentException where there are too many, or their names are too long
     */
    public static ByteBuffer encode(List<BitmapEntry> entries) {
        long bytes = 0;
        for (BitmapEntry entry : entries) {
            if (entry.name().length() == 0 || entry.name().length() > BitmapEntry.MAX_NAME_BYTES) {
                throw new IllegalArgumentException("the name of a bitmap has "
                        + entry.name().length() + " bytes: it must have 1 to " + BitmapEntry.MAX_NAME_BYTES);
            }
            bytes += storedBytes(entry);
        }
        if (entries.isEmpty()
                || entries.size() > BitmapDirectoryPointer.MAX_BITMAPS
                || bytes > BitmapDirectoryPointer.MAX_BYTES) {
            throw new IllegalArgumentException(entries.size() + " bitmaps whose directory has " + bytes
                    + " bytes: there may be 1 to " + BitmapDirectoryPointer.MAX_BITMAPS + " in "
                    + BitmapDirectoryPointer.MAX_BYTES + " bytes");
        }
        ByteBuffer directory = ByteBuffer.allocate((int) bytes).order(ByteOrder.BIG_ENDIAN);
        for (BitmapEntry entry : entries) {
            int next = directory.position() + (int) storedBytes(entry);
            directory
                    .putLong(entry.table().offset())
                    .putInt(entry.table().count())
                    .putInt(entry.flags())
                    .put((byte) entry.type())
                    .put((byte) entry.granularityBits())
                    .putShort((short) entry.name().length())
                    .putInt(entry.extraData().capacity())
                    .put(entry.extraData())
                    .put(entry.name().bytes());
            directory.position(next);
        }
        return directory.flip();
    }

    private static long storedBytes(BitmapEntry entry) {
        return FIXED_BYTES + (long) entry.extraData().capacity() + entry.name().length() + 7 & -8L;
    }

    /**
     * Whether an entry of a bitmap table is one that may be: a cluster, or all zeros, or all ones.
     *
     * @param entry as it stands in the table
     */
    public static boolean validTableEntry(long entry, Qcow2Layout layout) {
        long offset = entry & Qcow2Layout.BITMAP_OFFSET_MASK;
        return (entry & Qcow2Layout.BITMAP_RESERVED_MASK) == 0
                && layout.aligned(offset)
                && (offset == 0 || (entry & ALL_ONES) == 0);
    }
}
