package org.kvmbeans.virtio.spi;

import java.nio.ByteBuffer;

/** Reads configuration spaces that are kept as bytes. */
public final class ConfigBytes {
    private ConfigBytes() {}

    /**
     * Reads as {@link VirtioDevice#readConfig} does.
     *
     * @param offset 0 or more; bytes beyond the limit of {@code space} read as zero
     * @param size 1 to 8
     * @return the value, little-endian
     */
    public static long read(ByteBuffer space, int offset, int size) {
        long value = 0;
        for (int i = Math.min(size, space.limit() - offset) - 1; i >= 0; i--) {
            value = value << Byte.SIZE | Byte.toUnsignedLong(space.get(offset + i));
        }
        return value;
    }
}
