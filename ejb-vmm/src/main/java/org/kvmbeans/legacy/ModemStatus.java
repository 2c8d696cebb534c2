package org.kvmbeans.legacy;

/**
 * The modem status register of a serial port: four input lines, and which of them changed since the last read.
 *
 * <p>Not thread-safe: the port's lock guards it.
 */
final class ModemStatus {
    private static final int CLEAR_TO_SEND = 0x10;
    private static final int DATA_SET_READY = 0x20;
    private static final int RING = 0x40;
    private static final int CARRIER = 0x80;

    /** The lines as a host that is always there drives them. */
    static final int HOST_READY = CLEAR_TO_SEND | DATA_SET_READY | CARRIER;

    private static final int LINES_SHIFT = 4;
    private static final int CHANGED_MASK = 0x0F;
    private static final int RING_ENDED = 0x04;

    private int lines = HOST_READY;
    private int changes;

    /** The lines that a modem control value drives in loopback: RTS, DTR, OUT1 and OUT2, in the order of the inputs. */
    static int loopedBack(int modemControl) {
        return ((modemControl & 0x02) != 0 ? CLEAR_TO_SEND : 0)
                | ((modemControl & 0x01) != 0 ? DATA_SET_READY : 0)
                | ((modemControl & 0x04) != 0 ? RING : 0)
                | ((modemControl & 0x08) != 0 ? CARRIER : 0);
    }

    void setLines(int now) {
        int changed = ((lines ^ now) >> LINES_SHIFT) & CHANGED_MASK;
        // The ring indicator reports only its end.
        boolean ringEnds = (lines & ~now & RING) != 0;
        changes |= (changed & ~RING_ENDED) | (ringEnds ? RING_ENDED : 0);
        lines = now;
    }

    boolean changed() {
        return changes != 0;
    }

    /** Reads the register, which forgets the changes. */
    int read() {
        int value = lines | changes;
        changes = 0;
        return value;
    }

    void reset() {
        lines = HOST_READY;
        changes = 0;
    }
}
