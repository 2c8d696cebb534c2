package org.kvmbeans.virtio.net;

import java.util.concurrent.atomic.LongAdder;

/** Counts the packets of a NIC, over all its queues and for as long as the NIC is defined. May be used from any thread. */
public final class NetCounters {
    private final LongAdder receivedPackets = new LongAdder();
    private final LongAdder receivedBytes = new LongAdder();
    private final LongAdder receiveDropped = new LongAdder();
    private final LongAdder transmittedPackets = new LongAdder();
    private final LongAdder transmittedBytes = new LongAdder();
    private final LongAdder transmitDropped = new LongAdder();

    void received(long frameBytes) {
        receivedPackets.increment();
        receivedBytes.add(frameBytes);
    }

    void receiveDropped() {
        receiveDropped.increment();
    }

    void transmitted(long frameBytes) {
        transmittedPackets.increment();
        transmittedBytes.add(frameBytes);
    }

    void transmitDropped() {
        transmitDropped.increment();
    }

    /** Adds what was counted elsewhere, by the kernel for instance. */
    void add(NetStatistics more) {
        receivedPackets.add(more.receivedPackets());
        receivedBytes.add(more.receivedBytes());
        receiveDropped.add(more.receiveDropped());
        transmittedPackets.add(more.transmittedPackets());
        transmittedBytes.add(more.transmittedBytes());
        transmitDropped.add(more.transmitDropped());
    }

    /** The counts so far. */
    public NetStatistics read() {
        return new NetStatistics(
                receivedPackets.sum(),
                receivedBytes.sum(),
                receiveDropped.sum(),
                transmittedPackets.sum(),
                transmittedBytes.sum(),
                transmitDropped.sum());
    }
}
