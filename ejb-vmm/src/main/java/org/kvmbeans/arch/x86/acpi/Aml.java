package org.kvmbeans.arch.x86.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Encodes ACPI machine language (ACPI 6.5, chapter 20): data and the objects that live in the namespace. Each method
 * returns the bytes of one term, so that nested calls read like ASL; statements and operators are in {@link AmlCode}.
 *
 * <p>Names are written as in ASL: {@code \_SB.PCI0}, {@code ^^LNKA}, {@code _HID}; segments shorter than four characters are
 * filled with underscores.
 */
public final class Aml {
    /** How wide the accesses to a field are (20.2.5.2). */
    public enum Access {
        BYTE(1),
        WORD(2),
        DWORD(3);

        private final int code;

        Access(int code) {
            this.code = code;
        }
    }

    /** What a write to one field unit does to the other bits of the same register. */
    public enum Update {
        PRESERVE(0),
        /** For registers where a one acts and a zero does nothing. */
        WRITE_AS_ZEROS(0x40);

        private final int code;

        Update(int code) {
            this.code = code;
        }
    }

    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0A;
    private static final int WORD_PREFIX = 0x0B;
    private static final int DWORD_PREFIX = 0x0C;
    private static final int STRING_PREFIX = 0x0D;
    private static final int QWORD_PREFIX = 0x0E;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int METHOD_OP = 0x14;
    static final int EXTENDED_PREFIX = 0x5B;
    private static final int MUTEX_OP = 0x01;
    private static final int REGION_OP = 0x80;
    private static final int FIELD_OP = 0x81;
    private static final int DEVICE_OP = 0x82;

    private static final int DUAL_NAME = 0x2E;
    private static final int MULTI_NAME = 0x2F;
    private static final char ROOT = '\\';
    private static final char PARENT = '^';
    private static final Pattern NAME_SEGMENT = Pattern.compile("[A-Z_][A-Z0-9_]{0,3}");
    private static final int NAME_SEGMENT_BYTES = 4;
    private static final int SYSTEM_IO = 1;
    private static final int MAX_ARGUMENTS = 7;
    private static final int SERIALIZED = 1 << 3;
    private static final int MAX_PACKAGE_ELEMENTS = 255;
    private static final int SMALL_LENGTH = 0x3F;
    private static final int MAX_LENGTH = 0x0FFF_FFFF;

    private Aml() {}

    /** Joins terms. */
    public static byte[] join(byte[]... terms) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] term : terms) {
            all.writeBytes(term);
        }
        return all.toByteArray();
    }

    /** Terms within a scope that exists already. */
    public static byte[] scope(String name, byte[]... terms) {
        return sized(bytes(SCOPE_OP), nameString(name), join(terms));
    }

    public static byte[] device(String name, byte[]... terms) {
        return sized(bytes(EXTENDED_PREFIX, DEVICE_OP), nameString(name), join(terms));
    }

    public static byte[] name(String name, byte[] value) {
        return join(bytes(NAME_OP), nameString(name), value);
    }

    /**
     * A control method that several threads may run at once.
     *
     * @param arguments how many it takes, 0 to 7
     */
    public static byte[] method(String name, int arguments, byte[]... terms) {
        return method(name, arguments, 0, terms);
    }

    /** A control method that one thread runs at a time; one that creates named objects has to be such. */
    public static byte[] serializedMethod(String name, int arguments, byte[]... terms) {
        return method(name, arguments, SERIALIZED, terms);
    }

    private static byte[] method(String name, int arguments, int flags, byte[]... terms) {
        if (arguments < 0 || arguments > MAX_ARGUMENTS) {
            throw new IllegalArgumentException("a method of " + arguments + " arguments; at most 7");
        }
        return sized(bytes(METHOD_OP), nameString(name), bytes(arguments | flags), join(terms));
    }

    /** A mutex of synchronization level 0. */
    public static byte[] mutex(String name) {
        return join(bytes(EXTENDED_PREFIX, MUTEX_OP), nameString(name), bytes(0));
    }

    /** An operation region of I/O ports. */
    public static byte[] ioRegion(String name, int port, int count) {
        return join(
                bytes(EXTENDED_PREFIX, REGION_OP), nameString(name), bytes(SYSTEM_IO), integer(port), integer(count));
    }

    /**
     * Names for the bits of an operation region.
     *
     * @param units {@link #bits} and {@link #skipBits}, from bit 0 of the region on
     */
    public static byte[] field(String region, Access access, Update update, byte[]... units) {
        return sized(
                bytes(EXTENDED_PREFIX, FIELD_OP), nameString(region), bytes(access.code | update.code), join(units));
    }

    /** A unit of a field: a name for so many bits. */
    public static byte[] bits(String name, int count) {
        return join(segment(name), packageLength(count));
    }

    /** A unit of a field: bits without a name. */
    public static byte[] skipBits(int count) {
        return join(bytes(0), packageLength(count));
    }

    public static byte[] packageOf(byte[]... elements) {
        if (elements.length > MAX_PACKAGE_ELEMENTS) {
            throw new IllegalArgumentException("a package of " + elements.length + " elements; at most 255");
        }
        return sized(bytes(PACKAGE_OP), bytes(elements.length), join(elements));
    }

    public static byte[] buffer(byte[] content) {
        return sized(bytes(BUFFER_OP), integer(content.length), content);
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

    /** A UUID as a buffer (19.6.143): its first three groups are little-endian. */
    public static byte[] uuid(String text) {
        UUID uuid = UUID.fromString(text);
        long high = uuid.getMostSignificantBits();
        return buffer(join(
                littleEndian(high >>> 32, 4),
                littleEndian(high >>> 16, 2),
                littleEndian(high, 2),
                littleEndian(Long.reverseBytes(uuid.getLeastSignificantBits()), 8)));
    }

    /** A reference to an object by its name, or what the object holds. */
    public static byte[] object(String name) {
        return nameString(name);
    }

    static byte[] nameString(String name) {
        int prefix = 0;
        while (prefix < name.length() && (name.charAt(prefix) == ROOT || name.charAt(prefix) == PARENT)) {
            prefix++;
        }
        if (prefix > 1 && name.lastIndexOf(ROOT) >= 0) {
            throw new IllegalArgumentException("'" + name + "': a root prefix stands alone");
        }
        byte[] prefixes = name.substring(0, prefix).getBytes(StandardCharsets.US_ASCII);
        String[] segments = name.substring(prefix).split("\\.", -1);
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        for (String one : segments) {
            path.writeBytes(segment(one));
        }
        byte[] count = switch (segments.length) {
            case 1 -> bytes();
            case 2 -> bytes(DUAL_NAME);
            default -> bytes(MULTI_NAME, segments.length);
        };
        return join(prefixes, count, path.toByteArray());
    }

    private static byte[] segment(String name) {
        if (!NAME_SEGMENT.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name segment: one to four of A-Z, 0-9 and _, not a digit first");
        }
        return (name + "_".repeat(NAME_SEGMENT_BYTES - name.length())).getBytes(StandardCharsets.US_ASCII);
    }

    /** An opcode, and its content with the content's PkgLength in front, which counts itself too. */
    static byte[] sized(byte[] opcode, byte[]... content) {
        byte[] all = join(content);
        int lengthBytes = 1;
        while (packageLength(all.length + lengthBytes).length > lengthBytes) {
            lengthBytes++;
        }
        return join(opcode, packageLength(all.length + lengthBytes), all);
    }

    /** PkgLength (20.2.4) of a number as it stands: one byte up to 63, then 4 bits and up to three bytes. */
    private static byte[] packageLength(int value) {
        if (value < 0 || value > MAX_LENGTH) {
            throw new IllegalArgumentException("an AML length of " + value + "; it must fit 28 bits");
        }
        if (value <= SMALL_LENGTH) {
            return bytes(value);
        }
        int more = 1;
        while (value >= 1 << (4 + more * Byte.SIZE)) {
            more++;
        }
        return join(bytes((more << 6) | (value & 0xF)), littleEndian(value >>> 4, more));
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
