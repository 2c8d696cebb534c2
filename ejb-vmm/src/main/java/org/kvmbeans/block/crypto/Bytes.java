package org.kvmbeans.block.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Bytes of arrays as numbers, and sums of arrays. */
final class Bytes {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Bytes() {}

    static long getLong(byte[] bytes, int offset) {
        return (long) LONG.get(bytes, offset);
    }

    static void putLong(byte[] bytes, int offset, long value) {
        LONG.set(bytes, offset, value);
    }

    /** Adds {@code length} bytes of {@code other} to {@code target}, without carry. */
    static void xor(byte[] target, int targetOffset, byte[] other, int otherOffset, int length) {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            putLong(target, targetOffset + i, getLong(target, targetOffset + i) ^ getLong(other, otherOffset + i));
        }
        for (; i < length; i++) {
            target[targetOffset + i] ^= other[otherOffset + i];
        }
    }
}
