package org.kvmbeans.arch.x86.acpi;

/** Resource descriptors (ACPI 6.5, 6.4), as devices list them in {@code _CRS}. */
public final class AmlResources {
    private static final int IRQ_WITHOUT_FLAGS = 0x22;
    private static final int IO_PORTS = 0x47;
    private static final int DECODES_16_BITS = 1;
    private static final int ALIGNMENT = 1;
    private static final int END_TAG = 0x79;

    private AmlResources() {}

    /** A buffer of descriptors with the end tag. */
    public static byte[] template(byte[]... descriptors) {
        // A checksum of 0 counts as right.
        return Aml.buffer(Aml.join(Aml.join(descriptors), Aml.bytes(END_TAG, 0)));
    }

    /** Fixed I/O ports (6.4.2.5). */
    public static byte[] io(int port, int count) {
        return Aml.join(
                Aml.bytes(IO_PORTS, DECODES_16_BITS),
                Aml.littleEndian(port, 2),
                Aml.littleEndian(port, 2),
                Aml.bytes(ALIGNMENT, count));
    }

    /** An ISA interrupt (6.4.2.1), 0 to 15: edge-triggered, active high, not shared. */
    public static byte[] irq(int line) {
        return Aml.join(Aml.bytes(IRQ_WITHOUT_FLAGS), Aml.littleEndian(1L << line, 2));
    }
}
