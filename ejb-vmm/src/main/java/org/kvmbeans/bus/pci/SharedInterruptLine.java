package org.kvmbeans.bus.pci;

import org.kvmbeans.bus.InterruptLine;

/** A level-triggered wire that several inputs share: asserted while one of them is. May be used from any thread. */
final class SharedInterruptLine {
    private final InterruptLine output;
    private int asserted;

    SharedInterruptLine(InterruptLine output) {
        this.output = output;
    }

    /** One more input, low at first. */
    InterruptLine input() {
        return new Input();
    }

    private synchronized void change(int difference) {
        boolean before = asserted > 0;
        asserted += difference;
        boolean after = asserted > 0;
        if (after != before) {
            output.set(after);
        }
    }

    private final class Input implements InterruptLine {
        private boolean level;

        @Override
        public synchronized void set(boolean high) {
            if (high != level) {
                level = high;
                change(high ? 1 : -1);
            }
        }
    }
}
