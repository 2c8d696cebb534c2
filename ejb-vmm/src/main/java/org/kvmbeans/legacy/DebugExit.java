package org.kvmbeans.legacy;

import java.util.function.IntConsumer;
import org.kvmbeans.bus.BusDevice;

/**
 * A port by which a test guest ends its VM with a code: the callback gets the value that the guest wrote, 0 to
 * 0xFFFFFFFF as an int. Reads give 0. The callback runs on the vCPU thread.
 */
public final class DebugExit implements BusDevice {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 4;

    private final IntConsumer onExit;

    public DebugExit(IntConsumer onExit) {
        this.onExit = onExit;
    }

    @Override
    public long read(long offset, int size) {
        return 0;
    }

    @Override
    public void write(long offset, int size, long value) {
        onExit.accept((int) value);
    }
}
