package org.kvmbeans.arch.x86.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Encodes ACPI machine language (ACPI 6.5, chapter 20). Each method returns the bytes of one term. */
public final class Aml {
    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0A;
    private static final int WORD_PREFIX = 0x0B;
    private static final int DWORD_PREFIX = 0x0C;
    private static final int QWORD_PREFIX = 0x0E;
    private static final int STRING_PREFIX = 0x0D;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int EXTENDED_PREFIX = 0x5B;
    private static final int DEVICE_OP = 0x82;
    private static final int ROOT = '\\';
    private static final int NAME_SEGMENT = 4;
    private static final int MAX_PACKAGE_ELEMENTS = 255;
    private static final int SMALL_LENGTH = 0x3F;

    private Aml() {}

    /** Joins terms. */
    public static byte[] join(byte[]... terms) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] term : terms) {
            all.writeBytes(term);
        }
        return all.toByteArray();
    }

    /**
     * Terms within an existing scope.
     *
     * @param name one segment of four characters, with or without the root's backslash
     */
    public static byte[] scope(String name, byte[]... terms) {
        return join(bytes(SCOPE_OP), sized(join(nameString(name), join(terms))));
    }

    public static byte[] device(String name, byte[]... terms) {
        return join(bytes(EXTENDED_PREFIX, DEVICE_OP), sized(join(nameString(name), join(terms))));
    }

    public static byte[] name(String name, byte[] value) {
        return join(bytes(NAME_OP), nameString(name), value);
    }

    public static byte[] packageOf(byte[]... elements) {
        if (elements.length > MAX_PACKAGE_ELEMENTS) {
            throw new IllegalArgumentException("a package of " + elements.length + " elements; at most 255");
        }
        return join(bytes(PACKAGE_OP), sized(join(bytes(elements.length), join(elements))));
    }

    public static byte[] buffer(byte[] content) {
        return join(bytes(BUFFER_OP), sized(join(integer(content.length), content)));
    }

    /** The shortest encoding of an unsigned number. */
    public static byte[] integer(long value) {
        if (value == 0) {
            return bytes(ZERO_OP);
        }
        if (value == 1) {
            return bytes(ONE_OP);
        }
        if (value >>> 8 == 0) {
            return join(bytes(BYTE_PREFIX), littleEndian(value, 1));
        }
        if (value >>> 16 == 0) {
            return join(bytes(WORD_PREFIX), littleEndian(value, 2));
        }
        return value >>> 32 == 0
                ? join(bytes(DWORD_PREFIX), littleEndian(value, 4))
                : join(bytes(QWORD_PREFIX), littleEndian(value, 8));
    }

    public static byte[] string(String value) {
        return join(bytes(STRING_PREFIX), value.getBytes(StandardCharsets.US_ASCII), bytes(0));
    }

    /** A compressed EISA id (19.3.4), three letters and four hexadecimal digits: {@code PNP0501}. */
    public static byte[] eisaId(String id) {
        if (!id.matches("[A-Z]{3}[0-9A-F]{4}")) {
            throw new IllegalArgumentException("'" + id + "' is no EISA id");
        }
        int letters = 0;
        for (int i = 0; i < 3; i++) {
            letters = (letters << 5) | (id.charAt(i) - '@');
        }
        int value = (letters << 16) | Integer.parseInt(id.substring(3), 16);
        return join(bytes(DWORD_PREFIX), littleEndian(Integer.toUnsignedLong(Integer.reverseBytes(value)), 4));
    }

    private static byte[] nameString(String name) {
        boolean rooted = name.charAt(0) == ROOT;
        byte[] segment = name.substring(rooted ? 1 : 0).getBytes(StandardCharsets.US_ASCII);
        if (segment.length != NAME_SEGMENT) {
            throw new IllegalArgumentException("'" + name + "' must be one segment of four characters");
        }
        return rooted ? join(bytes(ROOT), segment) : segment;
    }

    /** Content with its PkgLength (20.2.4) in front, which counts itself too. */
    private static byte[] sized(byte[] content) {
        if (content.length + 1 <= SMALL_LENGTH) {
            return join(bytes(content.length + 1), content);
        }
        int more = 1;
        while (content.length + 1 + more >= 1 << (4 + more * Byte.SIZE)) {
            more++;
        }
        int total = content.length + 1 + more;
        return join(bytes((more << 6) | (total & 0xF)), littleEndian(total >>> 4, more), content);
    }

    static byte[] littleEndian(long value, int length) {
        byte[] out = new byte[length];
        for (int i = 0; i < length; i++) {
            out[i] = (byte) (value >>> (i * Byte.SIZE));
        }
        return out;
    }

    static byte[] bytes(int... values) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            out[i] = (byte) values[i];
        }
        return out;
    }
}
