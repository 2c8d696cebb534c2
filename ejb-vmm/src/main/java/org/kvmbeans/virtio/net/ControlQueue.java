package org.kvmbeans.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.QueueCounters;

/** Reads, carries out and answers the requests in a NIC's control queue (virtio 1.2, 5.1.6.5). Loop thread only. */
final class ControlQueue implements ServedQueue.Server {
    private static final byte OK = 0;
    private static final byte ERROR = 1;

    private static final int HEADER_BYTES = 2;
    /** The longest request: two tables of addresses, each as long as the kernel's filters get, and more. */
    private static final int MAX_BYTES = 64 << 10;

    private static final int CLASS_RX = 0;
    private static final int RX_ALLMULTI = 1;
    private static final int CLASS_MAC = 1;
    private static final int MAC_TABLE_SET = 0;
    private static final int MAC_ADDR_SET = 1;
    private static final int CLASS_ANNOUNCE = 3;
    private static final int ANNOUNCE_ACK = 0;
    private static final int CLASS_MQ = 4;
    private static final int MQ_VQ_PAIRS_SET = 0;
    private static final int CLASS_GUEST_OFFLOADS = 5;
    private static final int GUEST_OFFLOADS_SET = 0;

    /** What requests do to the device; each tells whether it did. */
    interface Actions {
        boolean setMac(long value);

        boolean activatePairs(int count);

        boolean setGuestOffloads(long features);

        boolean announced();
    }

    private final long features;
    private final QueueCounters counters;
    private final Actions actions;

    /** @param features what the driver accepted */
    ControlQueue(long features, QueueCounters counters, Actions actions) {
        this.features = features;
        this.counters = counters;
        this.actions = actions;
    }

    @Override
    public boolean serve(ServedQueue queue, DescriptorChain chain) {
        long bytes = chain.readable().totalBytes();
        boolean done = bytes >= HEADER_BYTES
                && bytes <= MAX_BYTES
                && chain.writable().totalBytes() > 0
                && execute(contents(chain, (int) bytes));
        if (!done) {
            counters.failed();
        }
        int written = chain.writable().totalBytes() > 0 ? 1 : 0;
        chain.writable().write(0, new byte[] {done ? OK : ERROR}, 0, written);
        queue.complete(chain, written, bytes, written);
        return true;
    }

    private static ByteBuffer contents(DescriptorChain chain, int length) {
        byte[] bytes = new byte[length];
        chain.readable().read(0, bytes, 0, length);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Carries out one request, from its class and command on; false where it is none that this device knows. */
    boolean execute(ByteBuffer request) {
        int type = Byte.toUnsignedInt(request.get());
        int command = Byte.toUnsignedInt(request.get());
        return switch (type) {
            // Every packet that the host has for the NIC is given to the guest, so that filters change nothing.
            case CLASS_RX -> has(NetFeatures.CTRL_RX) && command <= RX_ALLMULTI && request.remaining() == 1;
            case CLASS_MAC -> mac(command, request);
            case CLASS_ANNOUNCE -> command == ANNOUNCE_ACK && has(NetFeatures.GUEST_ANNOUNCE) && actions.announced();
            case CLASS_MQ ->
                command == MQ_VQ_PAIRS_SET
                        && has(NetFeatures.MQ)
                        && request.remaining() == Short.BYTES
                        && actions.activatePairs(Short.toUnsignedInt(request.getShort()));
            case CLASS_GUEST_OFFLOADS ->
                command == GUEST_OFFLOADS_SET
                        && has(NetFeatures.CTRL_GUEST_OFFLOADS)
                        && request.remaining() == Long.BYTES
                        && guestOffloads(request.getLong());
            default -> false;
        };
    }

    private boolean mac(int command, ByteBuffer request) {
        return switch (command) {
            case MAC_TABLE_SET ->
                has(NetFeatures.CTRL_RX) && skipTable(request) && skipTable(request) && !request.hasRemaining();
            case MAC_ADDR_SET ->
                has(NetFeatures.CTRL_MAC_ADDR)
                        && request.remaining() == MacAddress.BYTES
                        && actions.setMac(address(request));
            default -> false;
        };
    }

    private static long address(ByteBuffer request) {
        byte[] bytes = new byte[MacAddress.BYTES];
        request.get(bytes);
        return MacAddress.valueAt(bytes, 0);
    }

    private static boolean skipTable(ByteBuffer request) {
        if (request.remaining() < Integer.BYTES) {
            return false;
        }
        long bytes = Integer.toUnsignedLong(request.getInt()) * MacAddress.BYTES;
        if (bytes > request.remaining()) {
            return false;
        }
        request.position(request.position() + (int) bytes);
        return true;
    }

    private boolean guestOffloads(long wanted) {
        return (wanted & ~(features & NetFeatures.GUEST_OFFLOADS)) == 0 && actions.setGuestOffloads(wanted);
    }

    private boolean has(long feature) {
        return (features & feature) != 0;
    }
}
