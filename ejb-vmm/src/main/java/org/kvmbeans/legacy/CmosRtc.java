package org.kvmbeans.legacy;

import java.time.Clock;
import java.util.concurrent.locks.ReentrantLock;
import org.kvmbeans.bus.ByteBusDevice;
import org.kvmbeans.bus.InterruptLine;

/**
 * The real-time clock and the non-volatile memory behind ports 0x70 and 0x71 (Motorola MC146818A data sheet), with the
 * memory sizes where PC firmware leaves them.
 *
 * <p>The guest sees the host's clock in UTC, moved by what the guest has set. A timer runs only while the guest has an
 * interrupt of the clock enabled and none pending, so an idle machine costs no wake-ups. Thread-safe; the interrupt line
 * is called under the device's lock.
 */
public final class CmosRtc implements ByteBusDevice, AutoCloseable {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 2;

    /** The register that holds the century, for the FADT. */
    public static final int CENTURY_REGISTER = RtcEncoding.CENTURY;

    private static final int MEMORY_BYTES = 128;
    private static final int INDEX_MASK = 0x7F;

    private static final int REGISTER_A = 0x0A;
    private static final int REGISTER_B = 0x0B;
    private static final int REGISTER_C = 0x0C;
    private static final int REGISTER_D = 0x0D;

    private static final int A_UPDATE_IN_PROGRESS = 0x80;
    private static final int A_DIVIDER_32_KHZ = 0x20;
    private static final int A_RATE_1024_HERTZ = 0x06;
    private static final int B_SET = 0x80;
    private static final int B_INTERRUPTS = 0x70;
    private static final int B_BINARY = 0x04;
    private static final int B_24_HOURS = 0x02;
    private static final int C_INTERRUPT = 0x80;
    private static final int D_VALID = 0x80;

    private final ReentrantLock lock = new ReentrantLock();
    private final InterruptLine interrupt;
    private final RtcTimekeeper timekeeper;
    private final DeviceTimers timers;
    private final byte[] memory = new byte[MEMORY_BYTES];

    private DeviceTimers.Timer timer = () -> {};
    private long timerGeneration;
    private int index;
    private int flags;
    private boolean timeWritten;
    private boolean asserted;
    private boolean closed;

    /**
     * A clock that shows the host's time.
     *
     * @param clock the host's clock; its zone does not matter
     * @param timers for interrupts that the guest enables; cancelled timers should not stay in its queue
     * @param memoryBelow4GiBBytes the machine's memory below 4 GiB
     * @param memoryAbove4GiBBytes the machine's memory from 4 GiB on
     */
    public CmosRtc(
            Clock clock,
            DeviceTimers timers,
            InterruptLine interrupt,
            long memoryBelow4GiBBytes,
            long memoryAbove4GiBBytes) {
        this.interrupt = interrupt;
        this.timers = timers;
        timekeeper = new RtcTimekeeper(clock);
        CmosMemorySizes.store(memory, memoryBelow4GiBBytes, memoryAbove4GiBBytes);
        memory[REGISTER_A] = A_DIVIDER_32_KHZ | A_RATE_1024_HERTZ;
        memory[REGISTER_B] = B_24_HOURS;
        memory[REGISTER_D] = (byte) D_VALID;
        timekeeper.restart(memory[REGISTER_A]);
    }

    /** Disables the clock's interrupts, as the guest's reset does. Time and memory stay. */
    public void reset() {
        lock.lock();
        try {
            writeControl(memory[REGISTER_B] & ~(B_SET | B_INTERRUPTS));
            flags = 0;
            index = 0;
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** Stops the timer for good; the registers go on to answer. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            settle();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int readByte(int offset) {
        if (offset == 0) {
            return 0xFF; // the index cannot be read back
        }
        lock.lock();
        try {
            return readRegister();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void writeByte(int offset, int value) {
        lock.lock();
        try {
            if (offset == 0) {
                index = value & INDEX_MASK;
            } else {
                writeRegister(value);
            }
        } finally {
            lock.unlock();
        }
    }

    private int readRegister() {
        if (RtcEncoding.isTime(index) && !isSetting()) {
            encoding().encode(timekeeper.now(), memory);
        }
        return switch (index) {
            case REGISTER_A ->
                memory[REGISTER_A] | (timekeeper.isAboutToUpdate() && !isSetting() ? A_UPDATE_IN_PROGRESS : 0);
            case REGISTER_C -> readFlags();
            default -> memory[index] & 0xFF;
        };
    }

    private void writeRegister(int value) {
        switch (index) {
            case REGISTER_A -> {
                collectFlags();
                memory[REGISTER_A] = (byte) (value & ~A_UPDATE_IN_PROGRESS);
                timekeeper.restart(value);
                settle();
            }
            case REGISTER_B -> {
                collectFlags();
                writeControl(value);
                settle();
            }
            case REGISTER_C, REGISTER_D -> {
                // Both are read-only.
            }
            default -> writeMemory(value);
        }
    }

    private void writeMemory(int value) {
        if (!RtcEncoding.isTime(index)) {
            boolean alarm = index <= RtcTimekeeper.ALARM_HOURS;
            if (alarm) {
                collectFlags();
            }
            memory[index] = (byte) value;
            if (alarm) {
                settle();
            }
            return;
        }
        if (isSetting()) {
            memory[index] = (byte) value;
            timeWritten = true;
            return;
        }
        collectFlags();
        encoding().encode(timekeeper.now(), memory);
        memory[index] = (byte) value;
        timekeeper.set(encoding().decode(memory));
        settle();
    }

    private void writeControl(int value) {
        boolean wasSetting = isSetting();
        if (!wasSetting && (value & B_SET) != 0) {
            // From here on the time registers stand still.
            encoding().encode(timekeeper.now(), memory);
            timeWritten = false;
        }
        memory[REGISTER_B] = (byte) value;
        if (wasSetting && !isSetting()) {
            if (timeWritten) {
                timekeeper.set(encoding().decode(memory));
            }
            timekeeper.restart(memory[REGISTER_A]);
        }
    }

    private int readFlags() {
        collectFlags();
        int value = flags | (isInterrupting() ? C_INTERRUPT : 0);
        flags = 0;
        settle();
        return value;
    }

    private void collectFlags() {
        flags |= timekeeper.eventsSinceLastCall(encoding(), memory, isSetting());
    }

    private boolean isSetting() {
        return (memory[REGISTER_B] & B_SET) != 0;
    }

    private boolean isInterrupting() {
        return (flags & memory[REGISTER_B] & B_INTERRUPTS) != 0;
    }

    private RtcEncoding encoding() {
        return new RtcEncoding((memory[REGISTER_B] & B_BINARY) != 0, (memory[REGISTER_B] & B_24_HOURS) != 0);
    }

    /** Brings interrupt line and timer in line with the registers. */
    private void settle() {
        boolean level = isInterrupting();
        if (level != asserted) {
            asserted = level;
            interrupt.set(level);
        }
        timer.cancel();
        timerGeneration++;
        // While an interrupt is pending a second one could not be seen: reading register C arms the timer again.
        long delayNanos = level || closed
                ? RtcTimekeeper.NEVER
                : timekeeper.nanosToNextEvent(memory[REGISTER_B] & B_INTERRUPTS, encoding(), memory, isSetting());
        if (delayNanos != RtcTimekeeper.NEVER) {
            long generation = timerGeneration;
            timer = timers.after(delayNanos, () -> expire(generation));
        } else {
            timer = () -> {};
        }
    }

    private void expire(long generation) {
        lock.lock();
        try {
            // A timer cancelled too late still runs, and finds that another has taken its place.
            if (generation == timerGeneration) {
                collectFlags();
                settle();
            }
        } finally {
            lock.unlock();
        }
    }
}
