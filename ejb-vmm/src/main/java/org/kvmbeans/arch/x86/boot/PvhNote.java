package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The ELF note that holds the PVH entry point: owner {@code Xen}, type XEN_ELFNOTE_PHYS32_ENTRY. */
final class PvhNote {
    private static final int TYPE = 18;
    private static final byte[] OWNER = "Xen\0".getBytes(StandardCharsets.US_ASCII);
    private static final int NOTE_HEADER_BYTES = 12;

    private PvhNote() {}

    /** The entry point, guest-physical and unsigned 32 bits wide; null where the file has no such note. */
    static @Nullable Long entry(ImageFile file, ElfImage elf) {
        for (ElfImage.Segment segment : elf.notes()) {
            int length = (int) Math.min(segment.fileBytes(), ImageFile.MAX_HEADER_BYTES);
            Long entry = search(file.header("the notes", segment.offset(), length));
            if (entry != null) {
                return entry;
            }
        }
        return null;
    }

    private static @Nullable Long search(ByteBuffer notes) {
        while (notes.remaining() >= NOTE_HEADER_BYTES) {
            int ownerBytes = notes.getInt();
            int valueBytes = notes.getInt();
            int type = notes.getInt();
            if (ownerBytes < 0 || valueBytes < 0 || padded(ownerBytes) + padded(valueBytes) > notes.remaining()) {
                return null;
            }
            byte[] owner = new byte[ownerBytes];
            notes.get(owner).position(notes.position() + (int) padded(ownerBytes) - ownerBytes);
            if (type == TYPE && Arrays.equals(owner, OWNER) && valueBytes >= Integer.BYTES) {
                return Integer.toUnsignedLong(notes.getInt());
            }
            notes.position(notes.position() + (int) padded(valueBytes));
        }
        return null;
    }

    private static long padded(int length) {
        return (length + 3L) & ~3L;
    }
}
