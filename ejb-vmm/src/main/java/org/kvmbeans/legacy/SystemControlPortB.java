package org.kvmbeans.legacy;

import java.util.function.LongSupplier;
import org.kvmbeans.bus.ByteBusDevice;

/**
 * Port 0x61: the speaker's gates, and the refresh bit by which old software waits. For machines without the kernel's
 * PIT; with it, KVM answers this port itself.
 */
public final class SystemControlPortB implements ByteBusDevice {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 1;

    private static final int GATES = 0x03;
    private static final int REFRESH = 0x10;

    /** The refresh bit changes with each memory refresh of the first PCs: every 15.085 microseconds. */
    private static final long REFRESH_NANOS = 15_085;

    private final LongSupplier nanoClock;
    private volatile int gates;

    /** A port whose refresh bit follows a clock in nanoseconds. */
    public SystemControlPortB(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    @Override
    public int readByte(int offset) {
        boolean refreshing = (Math.floorDiv(nanoClock.getAsLong(), REFRESH_NANOS) & 1) != 0;
        return gates | (refreshing ? REFRESH : 0);
    }

    @Override
    public void writeByte(int offset, int value) {
        gates = value & GATES;
    }
}
