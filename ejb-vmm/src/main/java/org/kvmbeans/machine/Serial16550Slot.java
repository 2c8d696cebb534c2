package org.kvmbeans.machine;

import org.kvmbeans.bus.InterruptLine;
import org.kvmbeans.legacy.Serial16550;

/** A serial port that keeps its history over power cycles, with the line that joins it to the powered board. */
final class Serial16550Slot {
    private final SwitchedLine line = new SwitchedLine();
    private final Serial16550 device = new Serial16550(line);

    Serial16550 device() {
        return device;
    }

    void connect(InterruptLine board) {
        device.reset();
        line.connect(board);
    }

    void disconnect() {
        line.disconnect();
    }
}
