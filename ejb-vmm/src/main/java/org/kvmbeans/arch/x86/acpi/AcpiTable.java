package org.kvmbeans.arch.x86.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Builds one ACPI system description table (ACPI 6.5, 5.2.6): a header, then fields in order, little-endian. */
public final class AcpiTable {
    /** Length of the common header in bytes. */
    public static final int HEADER_BYTES = 36;

    private static final int LENGTH_OFFSET = 4;
    private static final int CHECKSUM_OFFSET = 9;
    private static final String OEM = "KVMBNS";
    private static final String OEM_TABLE = "KVMBEANS";
    private static final int OEM_REVISION = 1;
    private static final String CREATOR = "KVMB";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /**
     * A table without content.
     *
     * @param signature four ASCII characters
     * @param revision of the table's layout
     */
    public AcpiTable(String signature, int revision) {
        text(signature, 4).u32(0).u8(revision).u8(0);
        text(OEM, 6).text(OEM_TABLE, 8).u32(OEM_REVISION).text(CREATOR, 4).u32(1);
    }

    public AcpiTable u8(int value) {
        bytes.write(value);
        return this;
    }

    public AcpiTable u16(int value) {
        return u8(value).u8(value >>> 8);
    }

    public AcpiTable u32(long value) {
        return u16((int) value).u16((int) (value >>> 16));
    }

    public AcpiTable u64(long value) {
        return u32(value).u32(value >>> 32);
    }

    public AcpiTable zeros(int count) {
        for (int i = 0; i < count; i++) {
            u8(0);
        }
        return this;
    }

    public AcpiTable raw(byte[] value) {
        bytes.writeBytes(value);
        return this;
    }

    private AcpiTable text(String value, int length) {
        byte[] ascii = value.getBytes(StandardCharsets.US_ASCII);
        if (ascii.length != length) {
            throw new IllegalArgumentException("'" + value + "' must have " + length + " characters");
        }
        return raw(ascii);
    }

    /**
     * A generic address structure (5.2.3.2) for an I/O port.
     *
     * @param port first port; 0 makes an empty structure
     * @param bits width of the register
     * @param accessSize 1 for bytes, 2 for words, 3 for double words
     */
    public AcpiTable ioAddress(int port, int bits, int accessSize) {
        return port == 0 ? zeros(12) : u8(1).u8(bits).u8(0).u8(accessSize).u64(port);
    }

    /** The finished table, length and checksum filled in. */
    public byte[] toBytes() {
        byte[] table = bytes.toByteArray();
        for (int i = 0; i < Integer.BYTES; i++) {
            table[LENGTH_OFFSET + i] = (byte) (table.length >>> (i * Byte.SIZE));
        }
        table[CHECKSUM_OFFSET] = checksum(table, 0, table.length);
        return table;
    }

    /** The byte that makes a range sum up to 0, modulo 256, where its place now holds 0. */
    public static byte checksum(byte[] bytes, int offset, int length) {
        int sum = 0;
        for (int i = offset; i < offset + length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }
}
