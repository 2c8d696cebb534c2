package org.kvmbeans.legacy;

import org.kvmbeans.bus.InterruptLine;

/** A wire that remembers its level and how often it rose. */
final class RecordingLine implements InterruptLine {
    private boolean level;
    private int rises;

    @Override
    public synchronized void set(boolean asserted) {
        if (asserted && !level) {
            rises++;
        }
        level = asserted;
    }

    synchronized boolean isHigh() {
        return level;
    }

    synchronized int rises() {
        return rises;
    }
}
