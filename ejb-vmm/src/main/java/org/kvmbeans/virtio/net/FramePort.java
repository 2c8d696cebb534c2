package org.kvmbeans.virtio.net;

import org.kvmbeans.sys.IoVector;

/**
 * Where the packets of one pair of queues leave this process and enter it. Packets have a header of {@link #HEADER_BYTES},
 * that of virtio. Used by one thread at a time; no method waits.
 */
public interface FramePort {
    /** Bytes of the header before each packet. */
    int HEADER_BYTES = NetHeader.BYTES;

    /** The longest packet, bytes without the header. */
    int MAX_FRAME_BYTES = NetHeader.MAX_FRAME_BYTES;

    /** What {@link #receive} returns where no packet is there. */
    long NOTHING = 0;

    /** What {@link #receive} returns where none will ever come again. */
    long BROKEN = -1;

    /** What became of a packet. */
    enum Sent {
        /** It is on its way. */
        DONE,
        /** There is no room for it until the descriptor is writable. */
        FULL,
        /** The host does not take it. */
        REFUSED,
        /** The host will take none any more. */
        BROKEN
    }

    /** The descriptor to wait at. */
    int fd();

    /** Sends one packet, which with its header is {@code packet}. */
    Sent send(IoVector packet);

    /** Whether packets that were taken wait here for the descriptor to become writable. */
    boolean hasUnsent();

    /** The descriptor is writable: sends what is left, and tells whether nothing is. */
    boolean flush();

    /**
     * Takes one packet.
     *
     * @param room for the longest packet with its header
     * @return its bytes with the header, {@link #NOTHING}, or {@link #BROKEN}
     */
    long receive(IoVector room);

    /** Packets come to this port too, or do not; called while nobody waits at the descriptor. */
    void enable(boolean on);

    /** Why it is broken, for the operator. */
    String failure();
}
