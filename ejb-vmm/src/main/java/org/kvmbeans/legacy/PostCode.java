package org.kvmbeans.legacy;

import org.kvmbeans.bus.ByteBusDevice;

/** Port 0x80: firmware writes progress codes to it, and kernels use it to wait a microsecond. Keeps the last code. */
public final class PostCode implements ByteBusDevice {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 1;

    private volatile int lastCode;

    /** The code written last, 0 to 255; 0 where there was none. */
    public int lastCode() {
        return lastCode;
    }

    @Override
    public int readByte(int offset) {
        return lastCode;
    }

    @Override
    public void writeByte(int offset, int value) {
        lastCode = value;
    }
}
