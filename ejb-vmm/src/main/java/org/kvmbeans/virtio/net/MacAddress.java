package org.kvmbeans.virtio.net;

import java.util.regex.Pattern;

/**
 * The 48-bit address of one network interface.
 *
 * @param value the six bytes, the first of them on the wire as the most significant
 */
public record MacAddress(long value) {
    /** Bytes of an address. */
    public static final int BYTES = 6;

    private static final Pattern TEXT = Pattern.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");
    private static final long GROUP_BIT = 1L << 40;

    /** @throws IllegalArgumentException for an address that cannot be one interface's: zero, or that of a group */
    public MacAddress {
        if (value <= 0 || value >>> (BYTES * Byte.SIZE) != 0 || (value & GROUP_BIT) != 0) {
            throw new IllegalArgumentException("%012x is not the address of one interface".formatted(value)
                    + ": it must not be zero, and the lowest bit of its first byte must be 0");
        }
    }

    /**
     * Reads the usual form, {@code 52:54:00:12:34:56}.
     *
     * @throws IllegalArgumentException where it is none
     */
    public static MacAddress parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not of the form 52:54:00:12:34:56");
        }
        return new MacAddress(Long.parseLong(text.replace(":", ""), 16));
    }

    /** The address in six bytes from {@code start} on, as on the wire, whoever's it is. */
    static long valueAt(byte[] bytes, int start) {
        long value = 0;
        for (int i = 0; i < BYTES; i++) {
            value = (value << Byte.SIZE) | (bytes[start + i] & 0xFF);
        }
        return value;
    }

    /** Byte {@code index} on the wire, 0 to 5. */
    public int byteAt(int index) {
        return (int) (value >>> ((BYTES - 1 - index) * Byte.SIZE)) & 0xFF;
    }

    /** The usual form, in lower case. */
    @Override
    public String toString() {
        return "%012x".formatted(value).replaceAll("(..)(?!$)", "$1:");
    }
}
