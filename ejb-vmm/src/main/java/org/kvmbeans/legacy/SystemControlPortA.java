package org.kvmbeans.legacy;

import org.kvmbeans.bus.ByteBusDevice;

/**
 * Port 0x92: setting bit 0 where it was clear resets the machine; bit 1 is the gate of address line 20, which is always
 * open here, so it reads as one. The callback runs on the vCPU thread.
 */
public final class SystemControlPortA implements ByteBusDevice {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 1;

    private static final int FAST_RESET = 0x01;
    private static final int A20_OPEN = 0x02;

    private final Runnable onReset;

    public SystemControlPortA(Runnable onReset) {
        this.onReset = onReset;
    }

    @Override
    public int readByte(int offset) {
        return A20_OPEN;
    }

    @Override
    public void writeByte(int offset, int value) {
        if ((value & FAST_RESET) != 0) {
            onReset.run();
        }
    }
}
