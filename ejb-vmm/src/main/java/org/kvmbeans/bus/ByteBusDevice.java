package org.kvmbeans.bus;

/**
 * A device with registers of one byte, as on the ISA bus: a wider access is carried out one byte after the other, lowest
 * offset first.
 */
public interface ByteBusDevice extends BusDevice {
    /** Reads the register at {@code offset} from the base; the result is 0 to 255. */
    int readByte(int offset);

    /** Writes the register at {@code offset} from the base; {@code value} is 0 to 255. */
    void writeByte(int offset, int value);

    @Override
    default long read(long offset, int size) {
        if (size == 1) {
            return readByte((int) offset) & 0xFF;
        }
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (readByte((int) offset + i) & 0xFFL) << (8 * i);
        }
        return value;
    }

    @Override
    default void write(long offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            writeByte((int) offset + i, (int) (value >>> (8 * i)) & 0xFF);
        }
    }
}
