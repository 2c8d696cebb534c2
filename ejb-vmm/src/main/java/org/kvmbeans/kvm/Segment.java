package org.kvmbeans.kvm;

import java.nio.ByteBuffer;

/**
 * {@code struct kvm_segment}: a segment register with its hidden part (Intel SDM volume 3, 3.4.3).
 *
 * @param base linear address
 * @param limit in bytes, whatever the granularity
 * @param selector visible part
 * @param type descriptor type, 4 bits
 * @param dpl privilege level, 0 to 3
 * @param db default operation size: 1 for 32-bit
 * @param codeOrData descriptor bit S: 1 for code and data
 * @param longMode descriptor bit L: 1 for 64-bit code
 * @param granularity descriptor bit G: 1 for 4 KiB
 */
public record Segment(
        long base, int limit, int selector, int type, int dpl, int db, int codeOrData, int longMode, int granularity) {
    static final int BYTES = 24;

    private static final int TYPE_CODE_EXECUTE_READ_ACCESSED = 0xB;
    private static final int TYPE_DATA_READ_WRITE_ACCESSED = 0x3;
    private static final int TYPE_TSS_BUSY = 0xB;
    private static final int LIMIT_4_GIB = 0xFFFF_FFFF;
    private static final int LIMIT_TSS = 0x67;

    /** Flat 64-bit code, privilege level 0. */
    public static Segment code64(int selector) {
        return new Segment(0, LIMIT_4_GIB, selector, TYPE_CODE_EXECUTE_READ_ACCESSED, 0, 0, 1, 1, 1);
    }

    /** Flat 32-bit code, privilege level 0. */
    public static Segment code32(int selector) {
        return new Segment(0, LIMIT_4_GIB, selector, TYPE_CODE_EXECUTE_READ_ACCESSED, 0, 1, 1, 0, 1);
    }

    /** Flat data, privilege level 0. */
    public static Segment data(int selector) {
        return new Segment(0, LIMIT_4_GIB, selector, TYPE_DATA_READ_WRITE_ACCESSED, 0, 1, 1, 0, 1);
    }

    /** A busy task state segment at 0, which VMX wants a guest to have. */
    public static Segment taskState(int selector) {
        return new Segment(0, LIMIT_TSS, selector, TYPE_TSS_BUSY, 0, 0, 0, 0, 0);
    }

    void writeTo(ByteBuffer buffer, int offset) {
        buffer.putLong(offset, base);
        buffer.putInt(offset + 8, limit);
        buffer.putShort(offset + 12, (short) selector);
        buffer.put(offset + 14, (byte) type);
        buffer.put(offset + 15, (byte) 1); // present
        buffer.put(offset + 16, (byte) dpl);
        buffer.put(offset + 17, (byte) db);
        buffer.put(offset + 18, (byte) codeOrData);
        buffer.put(offset + 19, (byte) longMode);
        buffer.put(offset + 20, (byte) granularity);
        buffer.put(offset + 21, (byte) 0); // avl
        buffer.put(offset + 22, (byte) 0); // unusable
        buffer.put(offset + 23, (byte) 0);
    }

    static Segment readFrom(ByteBuffer buffer, int offset) {
        return new Segment(
                buffer.getLong(offset),
                buffer.getInt(offset + 8),
                buffer.getShort(offset + 12) & 0xFFFF,
                buffer.get(offset + 14),
                buffer.get(offset + 16),
                buffer.get(offset + 17),
                buffer.get(offset + 18),
                buffer.get(offset + 19),
                buffer.get(offset + 20));
    }
}
