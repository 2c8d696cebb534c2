package org.kvmbeans.bus.pci;

import org.kvmbeans.bus.BusDevice;

/** Answers every read with the same byte, and remembers the last write. */
final class MemoryDevice implements BusDevice {
    private final int answer;
    private long lastOffset = -1;
    private long lastValue;

    MemoryDevice(int answer) {
        this.answer = answer;
    }

    long lastOffset() {
        return lastOffset;
    }

    long lastValue() {
        return lastValue;
    }

    @Override
    public long read(long offset, int size) {
        return answer;
    }

    @Override
    public void write(long offset, int size, long value) {
        lastOffset = offset;
        lastValue = value;
    }
}
