package org.kvmbeans.arch.x86.acpi;

import static org.kvmbeans.arch.x86.acpi.Aml.bytes;
import static org.kvmbeans.arch.x86.acpi.Aml.join;
import static org.kvmbeans.arch.x86.acpi.Aml.littleEndian;

/** Resource descriptors (ACPI 6.5, 6.4), as devices list them in {@code _CRS}. */
public final class AmlResources {
    private static final int IRQ_WITHOUT_FLAGS = 0x22;
    private static final int IO_PORTS = 0x47;
    private static final int DECODES_16_BITS = 1;
    private static final int ALIGNMENT = 1;
    private static final int END_TAG = 0x79;
    private static final int FIXED_MEMORY = 0x86;
    private static final int READ_WRITE = 1;
    private static final int EXTENDED_INTERRUPT = 0x89;
    private static final int LEVEL_HIGH_SHARED_CONSUMER = 0b1001;

    private static final int DWORD_ADDRESS = 0x87;
    private static final int WORD_ADDRESS = 0x88;
    private static final int QWORD_ADDRESS = 0x8A;
    private static final int MEMORY = 0;
    private static final int IO = 1;
    private static final int BUS_NUMBERS = 2;
    /** General flags: minimum and maximum are fixed, the bridge decodes the range and hands it on. */
    private static final int FIXED_PRODUCER = 0b1100;

    private static final int ENTIRE_IO_RANGE = 0b11;
    /** Three bytes of type and flags, then granularity, minimum, maximum, translation and length. */
    private static final int ADDRESS_NUMBERS = 5;

    private AmlResources() {}

    /** A buffer of descriptors with the end tag. */
    public static byte[] template(byte[]... descriptors) {
        // A checksum of 0 counts as right.
        return Aml.buffer(join(join(descriptors), bytes(END_TAG, 0)));
    }

    /** Fixed I/O ports (6.4.2.5), at most 255. */
    public static byte[] io(int port, int count) {
        return join(
                bytes(IO_PORTS, DECODES_16_BITS),
                littleEndian(port, 2),
                littleEndian(port, 2),
                bytes(ALIGNMENT, count));
    }

    /** An ISA interrupt (6.4.2.1), 0 to 15: edge-triggered, active high, not shared. */
    public static byte[] irq(int line) {
        return join(bytes(IRQ_WITHOUT_FLAGS), littleEndian(1L << line, 2));
    }

    /** A global system interrupt (6.4.3.6): level-triggered, active high, shared. */
    public static byte[] sharedLevelInterrupt(int gsi) {
        return join(
                bytes(EXTENDED_INTERRUPT),
                littleEndian(6, 2),
                bytes(LEVEL_HIGH_SHARED_CONSUMER, 1),
                littleEndian(gsi, 4));
    }

    /** Memory below 4 GiB that belongs to a device and cannot be moved (6.4.3.4). */
    public static byte[] fixedMemory(long base, long lengthBytes) {
        return join(
                bytes(FIXED_MEMORY),
                littleEndian(9, 2),
                bytes(READ_WRITE),
                littleEndian(base, 4),
                littleEndian(lengthBytes, 4));
    }

    /** Bus numbers behind a bridge, both inclusive (6.4.3.5.3). */
    public static byte[] busNumbers(int first, int last) {
        return window(WORD_ADDRESS, Short.BYTES, BUS_NUMBERS, 0, first, last);
    }

    /** I/O ports that a bridge hands on, both inclusive. */
    public static byte[] ioWindow(int first, int last) {
        return window(WORD_ADDRESS, Short.BYTES, IO, ENTIRE_IO_RANGE, first, last);
    }

    /** Memory below 4 GiB that a bridge hands on, both inclusive (6.4.3.5.2). */
    public static byte[] memoryWindow32(long first, long last) {
        return window(DWORD_ADDRESS, Integer.BYTES, MEMORY, READ_WRITE, first, last);
    }

    /** Memory that a bridge hands on, both inclusive (6.4.3.5.1). */
    public static byte[] memoryWindow64(long first, long last) {
        return window(QWORD_ADDRESS, Long.BYTES, MEMORY, READ_WRITE, first, last);
    }

    private static byte[] window(int tag, int width, int type, int typeFlags, long first, long last) {
        return join(
                bytes(tag),
                littleEndian(3 + (long) ADDRESS_NUMBERS * width, 2),
                bytes(type, FIXED_PRODUCER, typeFlags),
                littleEndian(0, width),
                littleEndian(first, width),
                littleEndian(last, width),
                littleEndian(0, width),
                littleEndian(last - first + 1, width));
    }
}
