package org.kvmbeans.legacy;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.kvmbeans.bus.ByteBusDevice;
import org.kvmbeans.bus.InterruptLine;
import org.kvmbeans.stream.CharacterPort;
import org.kvmbeans.stream.InputQueue;
import org.kvmbeans.stream.OutputChunk;
import org.kvmbeans.stream.OutputHistory;

/**
 * A 16550A serial port (National Semiconductor PC16550D data sheet), eight ports wide.
 *
 * <p>Transmission takes no time: a byte written is in the output at once, and the transmitter is always empty. Input
 * waits at the host's end of the line until the guest reads it, so that none is ever overrun: the host end honours
 * request-to-send, and neither resetting the receive FIFO nor resetting the port loses what waits there. A guest that
 * has not yet touched the modem control register, or that has enabled the receive interrupt, is taken to be listening.
 *
 * <p>Thread-safe. The interrupt line is called under the port's lock. It follows the pending interrupt while OUT2 is
 * set, as wired on a PC.
 */
public final class Serial16550 implements ByteBusDevice, CharacterPort {
    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 8;

    private static final int RBR_THR_DLL = 0;
    private static final int IER_DLM = 1;
    private static final int IIR_FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCR = 7;

    private static final int IER_RECEIVED_DATA = 0x01;
    private static final int IER_TRANSMITTER_EMPTY = 0x02;
    private static final int IER_LINE_STATUS = 0x04;
    private static final int IER_MODEM_STATUS = 0x08;
    private static final int IER_MASK = 0x0F;

    private static final int IIR_MODEM_STATUS = 0x00;
    private static final int IIR_NONE = 0x01;
    private static final int IIR_TRANSMITTER_EMPTY = 0x02;
    private static final int IIR_RECEIVED_DATA = 0x04;
    private static final int IIR_LINE_STATUS = 0x06;
    private static final int IIR_CHARACTER_TIMEOUT = 0x0C;
    private static final int IIR_FIFOS_ENABLED = 0xC0;

    private static final int FCR_ENABLE = 0x01;
    private static final int FCR_RESET_RECEIVER = 0x02;
    private static final int FCR_TRIGGER_SHIFT = 6;
    private static final int[] TRIGGER_BYTES = {1, 4, 8, 14};

    private static final int LCR_DIVISOR_LATCH = 0x80;

    private static final int MCR_REQUEST_TO_SEND = 0x02;
    private static final int MCR_OUT2 = 0x08;
    private static final int MCR_LOOPBACK = 0x10;
    private static final int MCR_MASK = 0x1F;

    private static final int LSR_DATA_READY = 0x01;
    private static final int LSR_OVERRUN = 0x02;
    private static final int LSR_TRANSMITTER_EMPTY = 0x60;

    /** A divisor of 12 divides the 1.8432 MHz clock down to 9600 baud. */
    private static final int DIVISOR_9600_BAUD = 12;

    private final ReentrantLock lock = new ReentrantLock();
    private final InterruptLine interrupt;
    private final OutputHistory output = new OutputHistory();
    private final InputQueue input = new InputQueue();
    private final LoopbackFifo loopback = new LoopbackFifo();
    private final ModemStatus modemStatus = new ModemStatus();

    private int divisor;
    private int ier;
    private int fcr;
    private int lcr;
    private int mcr;
    private int scratch;
    private boolean modemControlTouched;
    private boolean transmitterEmptyPending;
    private boolean overrun;
    private boolean asserted;
    /** Written under the lock; read without, so that looking at the port never waits for a vCPU. */
    private final AtomicLong bytesReceived = new AtomicLong();

    public Serial16550(InterruptLine interrupt) {
        this.interrupt = interrupt;
        setPowerOnState();
    }

    /** Sets the port to its power-on state, as the guest's reset does. Output kept and input waiting stay. */
    public void reset() {
        lock.lock();
        try {
            setPowerOnState();
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long bytesReceived() {
        return bytesReceived.getOpaque();
    }

    @Override
    public long bytesTransmitted() {
        return output.endPosition();
    }

    @Override
    public int inputPendingBytes() {
        return input.size();
    }

    @Override
    public int inputCapacityBytes() {
        return InputQueue.CAPACITY_BYTES;
    }

    @Override
    public void offerInput(byte[] bytes) {
        lock.lock();
        try {
            input.offer(bytes);
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public byte[] tail(int bytes) {
        return output.tail(bytes);
    }

    @Override
    public OutputChunk readFrom(long position, int maxBytes, long waitMillis) {
        return output.readFrom(position, maxBytes, waitMillis);
    }

    @Override
    public int readByte(int offset) {
        lock.lock();
        try {
            int value = readRegister(offset);
            updateInterrupt();
            return value;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void writeByte(int offset, int value) {
        lock.lock();
        try {
            writeRegister(offset, value);
            updateInterrupt();
        } finally {
            lock.unlock();
        }
    }

    private int readRegister(int offset) {
        return switch (offset) {
            case RBR_THR_DLL -> divisorLatched() ? divisor & 0xFF : receive();
            case IER_DLM -> divisorLatched() ? divisor >> 8 : ier;
            case IIR_FCR -> readInterruptIdentification();
            case LCR -> lcr;
            case MCR -> mcr;
            case LSR -> readLineStatus();
            case MSR -> modemStatus.read();
            case SCR -> scratch;
            default -> 0xFF;
        };
    }

    private void writeRegister(int offset, int value) {
        switch (offset) {
            case RBR_THR_DLL -> {
                if (divisorLatched()) {
                    divisor = (divisor & 0xFF00) | value;
                } else {
                    transmit((byte) value);
                }
            }
            case IER_DLM -> {
                if (divisorLatched()) {
                    divisor = (divisor & 0xFF) | (value << 8);
                } else {
                    setInterruptEnable(value & IER_MASK);
                }
            }
            case IIR_FCR -> setFifoControl(value);
            case LCR -> lcr = value;
            case MCR -> setModemControl(value & MCR_MASK);
            case SCR -> scratch = value;
            default -> {
                // Line and modem status are read-only but for factory tests.
            }
        }
    }

    private boolean divisorLatched() {
        return (lcr & LCR_DIVISOR_LATCH) != 0;
    }

    private boolean inLoopback() {
        return (mcr & MCR_LOOPBACK) != 0;
    }

    private void transmit(byte octet) {
        if (inLoopback()) {
            overrun |= !loopback.offer(octet, fifosEnabled());
        } else {
            output.append(octet);
        }
        transmitterEmptyPending = true;
    }

    private int receive() {
        if (loopback.size() > 0) {
            return loopback.take() & 0xFF;
        }
        if (receivable() == 0) {
            return 0;
        }
        bytesReceived.setOpaque(bytesReceived.getPlain() + 1);
        return input.take() & 0xFF;
    }

    /** Bytes that the guest finds in the receiver now. */
    private int receivable() {
        if (loopback.size() > 0) {
            return loopback.size();
        }
        boolean listening = !modemControlTouched || (mcr & MCR_REQUEST_TO_SEND) != 0 || (ier & IER_RECEIVED_DATA) != 0;
        return listening && !inLoopback() ? input.size() : 0;
    }

    private boolean fifosEnabled() {
        return (fcr & FCR_ENABLE) != 0;
    }

    private void setInterruptEnable(int value) {
        boolean enables = (value & ~ier & IER_TRANSMITTER_EMPTY) != 0;
        ier = value;
        // Enabling it while the transmitter is empty, which it always is, raises it: drivers start sending by that.
        transmitterEmptyPending |= enables;
    }

    private void setFifoControl(int value) {
        boolean toggles = ((value ^ fcr) & FCR_ENABLE) != 0;
        if (toggles || (value & FCR_RESET_RECEIVER) != 0) {
            loopback.clear();
        }
        fcr = (value & FCR_ENABLE) != 0 ? value : 0;
    }

    private void setModemControl(int value) {
        modemControlTouched = true;
        mcr = value;
        modemStatus.setLines(inLoopback() ? ModemStatus.loopedBack(mcr) : ModemStatus.HOST_READY);
    }

    private int readLineStatus() {
        int value = LSR_TRANSMITTER_EMPTY | (receivable() > 0 ? LSR_DATA_READY : 0) | (overrun ? LSR_OVERRUN : 0);
        overrun = false;
        return value;
    }

    private int readInterruptIdentification() {
        int id = pendingInterrupt();
        if (id == IIR_TRANSMITTER_EMPTY) {
            transmitterEmptyPending = false;
        }
        return id | (fifosEnabled() ? IIR_FIFOS_ENABLED : 0);
    }

    /** The pending interrupt of the highest priority (PC16550D table IV). */
    private int pendingInterrupt() {
        if ((ier & IER_LINE_STATUS) != 0 && overrun) {
            return IIR_LINE_STATUS;
        }
        if ((ier & IER_RECEIVED_DATA) != 0 && receivable() > 0) {
            return receivable() >= triggerBytes() ? IIR_RECEIVED_DATA : IIR_CHARACTER_TIMEOUT;
        }
        if ((ier & IER_TRANSMITTER_EMPTY) != 0 && transmitterEmptyPending) {
            return IIR_TRANSMITTER_EMPTY;
        }
        if ((ier & IER_MODEM_STATUS) != 0 && modemStatus.changed()) {
            return IIR_MODEM_STATUS;
        }
        return IIR_NONE;
    }

    private int triggerBytes() {
        return fifosEnabled() ? TRIGGER_BYTES[fcr >> FCR_TRIGGER_SHIFT] : 1;
    }

    private void updateInterrupt() {
        boolean level = pendingInterrupt() != IIR_NONE && (mcr & MCR_OUT2) != 0 && !inLoopback();
        if (level != asserted) {
            asserted = level;
            interrupt.set(level);
        }
    }

    private void setPowerOnState() {
        divisor = DIVISOR_9600_BAUD;
        ier = 0;
        fcr = 0;
        lcr = 0;
        mcr = 0;
        scratch = 0;
        modemControlTouched = false;
        transmitterEmptyPending = false;
        overrun = false;
        loopback.clear();
        modemStatus.reset();
    }
}
