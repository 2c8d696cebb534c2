package org.kvmbeans.legacy;

import org.kvmbeans.bus.BusDevice;

/**
 * The reset control register at port 0xCF9 (Intel ICH9 data sheet, section 13.7.5). Writing RST_CPU where it was clear
 * resets the machine; guests write 0x06 or 0x0E.
 *
 * <p>Claims that one port and hears only accesses of one byte to it: a wider access to 0xCF8 is a PCI configuration
 * address, whose second byte means something else. The callback runs on the vCPU thread.
 */
public final class ResetControl implements BusDevice {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 1;

    private static final int SYSTEM_RESET = 0x02;
    private static final int RESET_CPU = 0x04;
    private static final int FULL_RESET = 0x08;

    private final Runnable onReset;
    private volatile int mode;

    public ResetControl(Runnable onReset) {
        this.onReset = onReset;
    }

    @Override
    public long read(long offset, int size) {
        return mode;
    }

    @Override
    public void write(long offset, int size, long value) {
        // RST_CPU is never seen set: by the time anyone could read it, the machine has reset.
        mode = (int) value & (SYSTEM_RESET | FULL_RESET);
        if ((value & RESET_CPU) != 0) {
            mode = 0;
            onReset.run();
        }
    }
}
