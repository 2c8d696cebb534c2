package org.kvmbeans.legacy;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.InterruptLine;

/**
 * The hardware registers of ACPI (ACPI 6.5, section 4.8): power button, sleep control, power management timer, and the
 * general-purpose events by which other devices make the guest look at them.
 *
 * <p>The machine is always in ACPI mode: SCI_EN reads as one. Writing the sleep type {@value #S5_SLEEP_TYPE} with SLP_EN
 * powers the machine off; other sleep types do nothing. Thread-safe; the interrupt line is called under the device's
 * lock, the power-off callback on the vCPU thread without it.
 */
public final class AcpiPm implements BusDevice {
    /** Where the PM1a event block lies: two bytes of status, two of enable. */
    public static final int PM1A_EVENT_OFFSET = 0;

    /** Length of the PM1a event block. */
    public static final int PM1A_EVENT_LENGTH = 4;

    /** Where the PM1a control block lies. */
    public static final int PM1A_CONTROL_OFFSET = 4;

    /** Length of the PM1a control block. */
    public static final int PM1A_CONTROL_LENGTH = 2;

    /** Where the power management timer lies, 32 bits wide. */
    public static final int TIMER_OFFSET = 8;

    /** Length of the power management timer's block. */
    public static final int TIMER_LENGTH = 4;

    /** Where general-purpose event block 0 lies: two bytes of status, two of enable. */
    public static final int GPE0_OFFSET = 12;

    /** Length of general-purpose event block 0. */
    public static final int GPE0_LENGTH = 4;

    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 16;

    /** The value of SLP_TYP that means S5, soft off: what the DSDT's {@code \_S5} has to name. */
    public static final int S5_SLEEP_TYPE = 5;

    /** The timer's frequency. */
    public static final long TIMER_HERTZ = 3_579_545;

    private static final int POWER_BUTTON = 1 << 8;
    private static final int ENABLE_BITS = 0x0721;
    private static final int SCI_ENABLED = 1;
    private static final int SLEEP_TYPE_SHIFT = 10;
    private static final int SLEEP_TYPE_MASK = 7;
    private static final int SLEEP_ENABLE = 1 << 13;
    private static final int GPES = 16;
    private static final int GPE_BITS = 0xFFFF;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final InterruptLine sci;
    private final LongSupplier nanoClock;
    private final Runnable onPowerOff;
    private final long startNanos;

    private int status;
    private int enable;
    private int control;
    private int gpeStatus;
    private int gpeEnable;
    private boolean asserted;

    /**
     * The registers of a machine that has just been powered on.
     *
     * @param sci the system control interrupt
     * @param nanoClock a clock in nanoseconds that never goes back
     * @param onPowerOff what happens when the guest enters S5
     */
    public AcpiPm(InterruptLine sci, LongSupplier nanoClock, Runnable onPowerOff) {
        this.sci = sci;
        this.nanoClock = nanoClock;
        this.onPowerOff = onPowerOff;
        startNanos = nanoClock.getAsLong();
    }

    /** Presses the power button: a guest that listens begins to shut down. */
    public void pressPowerButton() {
        lock.lock();
        try {
            status |= POWER_BUTTON;
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Raises a general-purpose event; it stays until the guest clears it, and interrupts while the guest has it enabled. Any
     * thread.
     *
     * @param gpe 0 to 15
     */
    public void raiseEvent(int gpe) {
        if (gpe < 0 || gpe >= GPES) {
            throw new IllegalArgumentException("general-purpose event " + gpe + "; there are 0 to 15");
        }
        lock.lock();
        try {
            gpeStatus |= 1 << gpe;
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    /** Sets the registers to their state at power on, as the guest's reset does. The timer runs on. */
    public void reset() {
        lock.lock();
        try {
            status = 0;
            enable = 0;
            control = 0;
            gpeStatus = 0;
            gpeEnable = 0;
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long read(long offset, int size) {
        long timer = timerTicks() & 0xFFFF_FFFFL;
        long low;
        long high;
        lock.lock();
        try {
            low = status | ((long) enable << 16) | ((long) (control | SCI_ENABLED) << 32);
            high = timer | ((long) gpeStatus << 32) | ((long) gpeEnable << 48);
        } finally {
            lock.unlock();
        }
        int shift = 8 * (int) (offset & 7);
        long beyond = shift == 0 ? 0 : high << (64 - shift);
        long value = offset >= TIMER_OFFSET ? high >>> shift : (low >>> shift) | beyond;
        return value & allOnes(size);
    }

    @Override
    public void write(long offset, int size, long value) {
        int shift = 8 * (int) (offset & 7);
        long bits = value & allOnes(size);
        if (offset >= TIMER_OFFSET) {
            writeEvents(bits << shift, allOnes(size) << shift);
            return;
        }
        if (offset + size > TIMER_OFFSET) {
            writeEvents(bits >>> (64 - shift), allOnes(size) >>> (64 - shift));
        }
        if (writeFixed(bits << shift, allOnes(size) << shift)) {
            onPowerOff.run();
        }
    }

    private static long allOnes(int size) {
        return -1L >>> (64 - 8 * size);
    }

    /** Writes those bits of the fixed registers, as they lie side by side, that the mask names; true: power off. */
    private boolean writeFixed(long bits, long mask) {
        lock.lock();
        try {
            status &= ~(int) (bits & 0xFFFF);
            int enableMask = (int) (mask >>> 16) & ENABLE_BITS;
            enable = (enable & ~enableMask) | ((int) (bits >>> 16) & enableMask);
            int controlMask = (int) (mask >>> 32) & 0xFFFF;
            int written = (int) (bits >>> 32) & controlMask;
            // SLP_EN reads as zero; the sleep type stays.
            control = ((control & ~controlMask) | written) & ~SLEEP_ENABLE;
            updateInterrupt();
            return (written & SLEEP_ENABLE) != 0 && ((control >> SLEEP_TYPE_SHIFT) & SLEEP_TYPE_MASK) == S5_SLEEP_TYPE;
        } finally {
            lock.unlock();
        }
    }

    /** Writes those bits of the eight bytes from the timer on that the mask names; the timer itself takes none. */
    private void writeEvents(long bits, long mask) {
        lock.lock();
        try {
            gpeStatus &= ~(int) ((bits >>> 32) & GPE_BITS);
            int enableMask = (int) (mask >>> 48);
            gpeEnable = (gpeEnable & ~enableMask) | ((int) (bits >>> 48) & enableMask);
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    private long timerTicks() {
        long nanos = nanoClock.getAsLong() - startNanos;
        // In two steps, so that no product leaves 63 bits.
        return nanos / NANOS_PER_SECOND * TIMER_HERTZ + nanos % NANOS_PER_SECOND * TIMER_HERTZ / NANOS_PER_SECOND;
    }

    private void updateInterrupt() {
        boolean level = (status & enable) != 0 || (gpeStatus & gpeEnable) != 0;
        if (level != asserted) {
            asserted = level;
            sci.set(level);
        }
    }
}
