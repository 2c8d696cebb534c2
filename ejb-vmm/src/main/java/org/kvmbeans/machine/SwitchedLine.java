package org.kvmbeans.machine;

import org.kvmbeans.bus.InterruptLine;

/** The interrupt line of a device that outlives power cycles: joined to the board that is powered, if any. */
final class SwitchedLine implements InterruptLine {
    private InterruptLine target = asserted -> {};
    private boolean level;

    @Override
    public synchronized void set(boolean asserted) {
        level = asserted;
        target.set(asserted);
    }

    /** Joins it to a board, and tells that its level. */
    synchronized void connect(InterruptLine line) {
        target = line;
        line.set(level);
    }

    /** Cuts it: afterwards nothing reaches the board any more. */
    synchronized void disconnect() {
        target = asserted -> {};
    }
}
