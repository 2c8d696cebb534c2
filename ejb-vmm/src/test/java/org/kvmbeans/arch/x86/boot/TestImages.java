package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The smallest images of each format that are right; tests break them. */
final class TestImages {
    static final int KERNEL_FOOTPRINT = 3 << 20;
    static final long KERNEL_PREFERRED = 16 << 20;
    static final long LINK_ADDRESS = 1 << 20;
    static final int ENTRY_OFFSET = 0x40;
    static final int SEGMENT_BYTES = 0x800;
    static final int SEGMENT_MEMORY_BYTES = 0x1800;
    static final int SEGMENT_OFFSET = 0x1000;
    static final byte FILL = (byte) 0xC3;

    private TestImages() {}

    /** A bzImage of protocol 2.15: one setup sector, then 4 KiB of {@link #FILL}. */
    static ByteBuffer bzImage() {
        ByteBuffer image = buffer(1024 + 4096);
        fill(image, 1024, 4096);
        image.put(0x1F1, (byte) 1);
        image.putInt(0x1F4, 4096 / 16);
        image.putShort(0x1FE, (short) 0xAA55);
        image.putShort(0x200, (short) 0x6AEB); // the jump, whose operand is the header's length
        image.putInt(0x202, 0x53726448);
        image.putShort(0x206, (short) 0x020F);
        image.put(0x211, (byte) 1);
        image.putInt(0x22C, 0x7FFFFFFF);
        image.putInt(0x230, 2 << 20);
        image.put(0x234, (byte) 1);
        image.putShort(0x236, (short) 1);
        image.putInt(0x238, 2047);
        image.putLong(0x258, KERNEL_PREFERRED);
        image.putInt(0x260, KERNEL_FOOTPRINT);
        return image;
    }

    /** An ELF64 file with one segment and a PVH note. */
    static ByteBuffer pvhElf64() {
        ByteBuffer image = elf64(2);
        int note = 64 + 56;
        image.putInt(note, 4);
        image.putLong(note + 8, 0x200);
        image.putLong(note + 32, 20);
        image.putInt(0x200, 4).putInt(0x204, 4).putInt(0x208, 18);
        image.put(0x20C, "Xen\0".getBytes(StandardCharsets.US_ASCII));
        image.putInt(0x210, (int) LINK_ADDRESS + ENTRY_OFFSET);
        return image;
    }

    /** An ELF64 file with one segment, linked high and loaded at {@link #LINK_ADDRESS}, without note or header. */
    static ByteBuffer elf64(int programHeaders) {
        ByteBuffer image = buffer(SEGMENT_OFFSET + SEGMENT_BYTES);
        fill(image, SEGMENT_OFFSET, SEGMENT_BYTES);
        image.putInt(0, 0x464C457F).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        image.putShort(16, (short) 2).putShort(18, (short) 62);
        image.putLong(24, 0xFFFFFFFF80000000L + ENTRY_OFFSET);
        image.putLong(32, 64);
        image.putShort(54, (short) 56).putShort(56, (short) programHeaders);
        image.putInt(64, 1);
        image.putLong(64 + 8, SEGMENT_OFFSET);
        image.putLong(64 + 16, 0xFFFFFFFF80000000L);
        image.putLong(64 + 24, LINK_ADDRESS);
        image.putLong(64 + 32, SEGMENT_BYTES);
        image.putLong(64 + 40, SEGMENT_MEMORY_BYTES);
        return image;
    }

    /** An ELF32 file with one segment and a Multiboot header without addresses. */
    static ByteBuffer multibootElf32() {
        ByteBuffer image = buffer(SEGMENT_OFFSET + SEGMENT_BYTES);
        fill(image, SEGMENT_OFFSET, SEGMENT_BYTES);
        image.putInt(0, 0x464C457F).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1);
        image.putShort(16, (short) 2).putShort(18, (short) 3);
        image.putInt(24, (int) LINK_ADDRESS + ENTRY_OFFSET).putInt(28, 52);
        image.putShort(42, (short) 32).putShort(44, (short) 1);
        image.putInt(52, 1).putInt(56, SEGMENT_OFFSET);
        image.putInt(60, (int) LINK_ADDRESS).putInt(64, (int) LINK_ADDRESS);
        image.putInt(68, SEGMENT_BYTES).putInt(72, SEGMENT_MEMORY_BYTES);
        multibootHeader(image, SEGMENT_OFFSET, 3);
        return image;
    }

    /** No ELF: a Multiboot header at offset 16 that gives the addresses. */
    static ByteBuffer multibootFlat() {
        ByteBuffer image = buffer(SEGMENT_BYTES);
        fill(image, 0, SEGMENT_BYTES);
        multibootHeader(image, 16, 0x10003);
        int load = (int) LINK_ADDRESS;
        image.putInt(28, load + 16).putInt(32, load).putInt(36, load + SEGMENT_BYTES);
        image.putInt(40, load + SEGMENT_MEMORY_BYTES).putInt(44, load + ENTRY_OFFSET);
        return image;
    }

    static void multibootHeader(ByteBuffer image, int at, int flags) {
        image.putInt(at, 0x1BADB002).putInt(at + 4, flags).putInt(at + 8, -(0x1BADB002 + flags));
    }

    private static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void fill(ByteBuffer image, int offset, int length) {
        for (int i = 0; i < length; i++) {
            image.put(offset + i, FILL);
        }
    }
}
