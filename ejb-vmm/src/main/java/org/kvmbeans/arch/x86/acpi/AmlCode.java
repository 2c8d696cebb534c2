package org.kvmbeans.arch.x86.acpi;

import static org.kvmbeans.arch.x86.acpi.Aml.bytes;
import static org.kvmbeans.arch.x86.acpi.Aml.join;
import static org.kvmbeans.arch.x86.acpi.Aml.littleEndian;
import static org.kvmbeans.arch.x86.acpi.Aml.nameString;
import static org.kvmbeans.arch.x86.acpi.Aml.sized;

/**
 * Encodes what control methods do (ACPI 6.5, 20.2.5.3 and 20.2.5.4): statements and operators. Operators return their
 * result; those with a target store it there too.
 */
public final class AmlCode {
    private static final int NO_TARGET = 0x00;
    private static final int LOCAL_0 = 0x60;
    private static final int LOCALS = 8;
    private static final int ARGUMENT_0 = 0x68;
    private static final int ARGUMENTS = 7;
    private static final int STORE_OP = 0x70;
    private static final int AND_OP = 0x7B;
    private static final int OR_OP = 0x7D;
    private static final int NOTIFY_OP = 0x86;
    private static final int CREATE_DWORD_FIELD_OP = 0x8A;
    private static final int LOGICAL_NOT_OP = 0x92;
    private static final int LOGICAL_EQUAL_OP = 0x93;
    private static final int IF_OP = 0xA0;
    private static final int ELSE_OP = 0xA1;
    private static final int WHILE_OP = 0xA2;
    private static final int RETURN_OP = 0xA4;
    private static final int ACQUIRE_OP = 0x23;
    private static final int RELEASE_OP = 0x27;
    private static final int FOREVER = 0xFFFF;

    private AmlCode() {}

    /** One of the method's own variables, 0 to 7. */
    public static byte[] local(int number) {
        if (number < 0 || number >= LOCALS) {
            throw new IllegalArgumentException("Local" + number + ": there are Local0 to Local7");
        }
        return bytes(LOCAL_0 + number);
    }

    /** One of the method's arguments, 0 to 6. */
    public static byte[] argument(int number) {
        if (number < 0 || number >= ARGUMENTS) {
            throw new IllegalArgumentException("Arg" + number + ": there are Arg0 to Arg6");
        }
        return bytes(ARGUMENT_0 + number);
    }

    public static byte[] store(byte[] value, byte[] target) {
        return join(bytes(STORE_OP), value, target);
    }

    public static byte[] and(byte[] left, byte[] right) {
        return and(left, right, bytes(NO_TARGET));
    }

    public static byte[] and(byte[] left, byte[] right, byte[] target) {
        return join(bytes(AND_OP), left, right, target);
    }

    public static byte[] or(byte[] left, byte[] right, byte[] target) {
        return join(bytes(OR_OP), left, right, target);
    }

    public static byte[] equal(byte[] left, byte[] right) {
        return join(bytes(LOGICAL_EQUAL_OP), left, right);
    }

    public static byte[] not(byte[] condition) {
        return join(bytes(LOGICAL_NOT_OP), condition);
    }

    public static byte[] when(byte[] condition, byte[]... terms) {
        return sized(bytes(IF_OP), condition, join(terms));
    }

    /** What to do otherwise; stands right behind a {@link #when}. */
    public static byte[] otherwise(byte[]... terms) {
        return sized(bytes(ELSE_OP), terms);
    }

    public static byte[] loopWhile(byte[] condition, byte[]... terms) {
        return sized(bytes(WHILE_OP), condition, join(terms));
    }

    public static byte[] returns(byte[] value) {
        return join(bytes(RETURN_OP), value);
    }

    /** Calls a method with as many arguments as it takes. */
    public static byte[] call(String method, byte[]... arguments) {
        return join(nameString(method), join(arguments));
    }

    /** Tells the operating system of an event at a device (5.6.6). */
    public static byte[] notifyDevice(String device, byte[] code) {
        return join(bytes(NOTIFY_OP), nameString(device), code);
    }

    /** Waits for a mutex for as long as it takes. */
    public static byte[] acquire(String mutex) {
        return join(bytes(Aml.EXTENDED_PREFIX, ACQUIRE_OP), nameString(mutex), littleEndian(FOREVER, 2));
    }

    public static byte[] release(String mutex) {
        return join(bytes(Aml.EXTENDED_PREFIX, RELEASE_OP), nameString(mutex));
    }

    /** Names four bytes of a buffer, from {@code offset} on. */
    public static byte[] createDwordField(byte[] buffer, int offset, String name) {
        return join(bytes(CREATE_DWORD_FIELD_OP), buffer, Aml.integer(offset), nameString(name));
    }
}
