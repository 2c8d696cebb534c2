package org.kvmbeans.legacy;

import java.util.concurrent.locks.ReentrantLock;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.ByteBusDevice;
import org.kvmbeans.bus.InterruptLine;

/**
 * A keyboard controller with nothing plugged in (IBM PC AT technical reference, keyboard controller), whose use is to
 * reset the machine and to answer a probing driver at once instead of letting it time out.
 *
 * <p>It claims two single ports, 0x60 and 0x64. Thread-safe; the interrupt line is called under the device's lock, the
 * reset callback on the vCPU thread without it.
 */
public final class I8042 {
    /** How many ports each of the two devices claims. */
    public static final int REGISTER_COUNT = 1;

    private static final int STATUS_OUTPUT_FULL = 0x01;
    private static final int STATUS_SELF_TEST_PASSED = 0x04;
    private static final int STATUS_LAST_WAS_COMMAND = 0x08;
    private static final int STATUS_NOT_LOCKED = 0x10;
    private static final int STATUS_TIMEOUT = 0x40;

    private static final int CONFIG_KEYBOARD_INTERRUPT = 0x01;
    private static final int CONFIG_KEYBOARD_OFF = 0x10;
    private static final int CONFIG_AUX_OFF = 0x20;
    private static final int CONFIG_AT_POWER_ON = CONFIG_KEYBOARD_OFF | CONFIG_AUX_OFF | 0x04;

    private static final int READ_MEMORY = 0x20;
    private static final int WRITE_MEMORY = 0x60;
    private static final int MEMORY_BYTES = 0x20;
    private static final int AUX_OFF = 0xA7;
    private static final int AUX_ON = 0xA8;
    private static final int AUX_TEST = 0xA9;
    private static final int SELF_TEST = 0xAA;
    private static final int KEYBOARD_TEST = 0xAB;
    private static final int KEYBOARD_OFF = 0xAD;
    private static final int KEYBOARD_ON = 0xAE;
    private static final int READ_INPUT_PORT = 0xC0;
    private static final int READ_OUTPUT_PORT = 0xD0;
    private static final int WRITE_OUTPUT_PORT = 0xD1;
    private static final int WRITE_AS_KEYBOARD = 0xD2;
    private static final int WRITE_AS_AUX = 0xD3;
    private static final int WRITE_TO_AUX = 0xD4;
    private static final int PULSE_OUTPUT_PORT = 0xF0;

    private static final int SELF_TEST_PASSED = 0x55;
    private static final int NO_ERROR = 0x00;
    private static final int CLOCK_LINE_STUCK_LOW = 0x01;
    private static final int KEYBOARD_NOT_LOCKED = 0x80;
    private static final int RESEND = 0xFE;
    private static final int OUTPUT_PORT_RUNNING = 0x01;
    private static final int OUTPUT_PORT_A20 = 0x02;

    private final ReentrantLock lock = new ReentrantLock();
    private final InterruptLine keyboardInterrupt;
    private final Runnable onReset;
    private final byte[] memory = new byte[MEMORY_BYTES];

    private boolean outputFull;
    private int output;
    private int status;
    private int pendingCommand;
    private boolean asserted;

    /** A controller with its keyboard interrupt and what to do when the guest pulses the reset line. */
    public I8042(InterruptLine keyboardInterrupt, Runnable onReset) {
        this.keyboardInterrupt = keyboardInterrupt;
        this.onReset = onReset;
        setPowerOnState();
    }

    /** The device behind port 0x60. */
    public BusDevice dataPort() {
        return new Port(this::readData, this::writeData);
    }

    /** The device behind port 0x64. */
    public BusDevice commandPort() {
        return new Port(this::readStatus, this::writeCommand);
    }

    /** Sets the controller to its power-on state, as the guest's reset does. */
    public void reset() {
        lock.lock();
        try {
            setPowerOnState();
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    private int readData() {
        lock.lock();
        try {
            outputFull = false;
            status &= ~STATUS_TIMEOUT;
            updateInterrupt();
            return output;
        } finally {
            lock.unlock();
        }
    }

    private int readStatus() {
        lock.lock();
        try {
            return status | STATUS_NOT_LOCKED | (outputFull ? STATUS_OUTPUT_FULL : 0);
        } finally {
            lock.unlock();
        }
    }

    private boolean writeData(int value) {
        lock.lock();
        try {
            status &= ~STATUS_LAST_WAS_COMMAND;
            int command = pendingCommand;
            pendingCommand = 0;
            boolean resets = handleData(command, value);
            updateInterrupt();
            return resets;
        } finally {
            lock.unlock();
        }
    }

    private boolean writeCommand(int command) {
        lock.lock();
        try {
            status |= STATUS_LAST_WAS_COMMAND;
            pendingCommand = 0;
            boolean resets = handleCommand(command);
            updateInterrupt();
            return resets;
        } finally {
            lock.unlock();
        }
    }

    private boolean handleCommand(int command) {
        if (command >= READ_MEMORY && command < READ_MEMORY + MEMORY_BYTES) {
            answer(memory[command - READ_MEMORY] & 0xFF);
        } else if (command >= WRITE_MEMORY && command < WRITE_MEMORY + MEMORY_BYTES) {
            pendingCommand = command;
        } else if (command >= PULSE_OUTPUT_PORT) {
            return (command & OUTPUT_PORT_RUNNING) == 0;
        } else {
            handleSingleCommand(command);
        }
        return false;
    }

    private void handleSingleCommand(int command) {
        switch (command) {
            case AUX_OFF -> memory[0] |= CONFIG_AUX_OFF;
            case AUX_ON -> memory[0] &= ~CONFIG_AUX_OFF;
            case AUX_TEST -> answer(CLOCK_LINE_STUCK_LOW);
            case SELF_TEST -> {
                memory[0] = CONFIG_AT_POWER_ON;
                status |= STATUS_SELF_TEST_PASSED;
                answer(SELF_TEST_PASSED);
            }
            case KEYBOARD_TEST -> answer(NO_ERROR);
            case KEYBOARD_OFF -> memory[0] |= CONFIG_KEYBOARD_OFF;
            case KEYBOARD_ON -> memory[0] &= ~CONFIG_KEYBOARD_OFF;
            case READ_INPUT_PORT -> answer(KEYBOARD_NOT_LOCKED);
            case READ_OUTPUT_PORT -> answer(OUTPUT_PORT_RUNNING | OUTPUT_PORT_A20 | (outputFull ? 0x10 : 0));
            case WRITE_OUTPUT_PORT, WRITE_AS_KEYBOARD, WRITE_AS_AUX, WRITE_TO_AUX -> pendingCommand = command;
            default -> {
                // Unknown commands are ignored, as by the real controller.
            }
        }
    }

    /** Handles a byte for the data port: the rest of a command, or else a byte for the keyboard. */
    private boolean handleData(int command, int value) {
        if (command >= WRITE_MEMORY && command < WRITE_MEMORY + MEMORY_BYTES) {
            memory[command - WRITE_MEMORY] = (byte) value;
            return false;
        }
        switch (command) {
            case WRITE_OUTPUT_PORT -> {
                return (value & OUTPUT_PORT_RUNNING) == 0;
            }
            // The byte comes back marked as the keyboard's even when written as the pointing device's: there is none,
            // and a driver that tests for one sees that at once.
            case WRITE_AS_KEYBOARD, WRITE_AS_AUX -> answer(value);
            default -> {
                answer(RESEND);
                status |= STATUS_TIMEOUT;
            }
        }
        return false;
    }

    private void answer(int value) {
        output = value;
        outputFull = true;
        status &= ~STATUS_TIMEOUT;
    }

    private void setPowerOnState() {
        memory[0] = CONFIG_AT_POWER_ON;
        outputFull = false;
        output = 0;
        status = 0;
        pendingCommand = 0;
    }

    private void updateInterrupt() {
        boolean level = outputFull && (memory[0] & CONFIG_KEYBOARD_INTERRUPT) != 0;
        if (level != asserted) {
            asserted = level;
            keyboardInterrupt.set(level);
        }
    }

    @FunctionalInterface
    private interface Read {
        int get();
    }

    @FunctionalInterface
    private interface Write {
        /** Takes the value and tells whether it resets the machine. */
        boolean resets(int value);
    }

    private final class Port implements ByteBusDevice {
        private final Read read;
        private final Write write;

        Port(Read read, Write write) {
            this.read = read;
            this.write = write;
        }

        @Override
        public int readByte(int offset) {
            return read.get();
        }

        @Override
        public void writeByte(int offset, int value) {
            if (write.resets(value)) {
                onReset.run();
            }
        }
    }
}
