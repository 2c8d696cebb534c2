package org.kvmbeans.virtio.vhost;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.memory.MemoryRegion;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** One split queue that the kernel serves. Its methods are called one at a time, from any thread. */
public final class VhostQueue implements AutoCloseable {
    private static final int STATE_BYTES = 8;
    private static final int ADDRESS_BYTES = 40;
    private static final int NONE = -1;

    private static final int DESCRIPTOR_BYTES = 16;
    private static final int AVAILABLE_BYTES = 2;
    private static final int USED_BYTES = 8;
    /** Flags and index before a ring. */
    private static final int RING_HEADER_BYTES = 4;

    private static final int EVENT_BYTES = 2;

    private final VhostDevice device;
    private final int index;
    private final EventLoop loop;
    private final NativeStruct state;
    private final EventFd error;
    /** What the kernel signals where the driver has no MSI-X vector. */
    private @Nullable EventFd call;

    private boolean closed;

    private VhostQueue(Posix posix, VhostDevice device, int index, EventLoop loop) {
        this.device = device;
        this.index = index;
        this.loop = loop;
        state = new NativeStruct(posix, STATE_BYTES);
        error = EventFd.create(posix);
    }

    static VhostQueue open(
            Posix posix, VhostDevice device, int index, QueueSetup setup, DeviceContext context, EventLoop loop) {
        VhostQueue queue = new VhostQueue(posix, device, index, loop);
        try {
            queue.setUp(posix, setup, context);
            return queue;
        } catch (RuntimeException e) {
            queue.close();
            throw e;
        }
    }

    private void setUp(Posix posix, QueueSetup setup, DeviceContext context) {
        set("VHOST_SET_VRING_NUM", VhostIoctl.VHOST_SET_VRING_NUM, setup.size());
        set("VHOST_SET_VRING_BASE", VhostIoctl.VHOST_SET_VRING_BASE, 0);
        long eventBytes = context.has(VirtioFeatures.EVENT_INDEX) ? EVENT_BYTES : 0;
        long size = setup.size();
        GuestMemory memory = context.memory();
        NativeStruct addresses = new NativeStruct(posix, ADDRESS_BYTES);
        addresses
                .buffer()
                .putInt(index)
                .putInt(0)
                .putLong(hostAddress(memory, setup.descriptorGpa(), size * DESCRIPTOR_BYTES))
                .putLong(hostAddress(memory, setup.deviceGpa(), RING_HEADER_BYTES + size * USED_BYTES + eventBytes))
                .putLong(
                        hostAddress(memory, setup.driverGpa(), RING_HEADER_BYTES + size * AVAILABLE_BYTES + eventBytes))
                .putLong(0);
        device.call("VHOST_SET_VRING_ADDR", VhostIoctl.VHOST_SET_VRING_ADDR, addresses, "index=" + index);

        int interrupt = setup.interrupt().eventFd();
        if (interrupt < 0) {
            EventFd own = EventFd.create(posix);
            call = own;
            loop.register(
                    own.number(),
                    EventLoop.READABLE | EventLoop.EDGE_TRIGGERED,
                    e -> setup.interrupt().signal());
            interrupt = own.number();
        }
        loop.register(
                error.number(),
                EventLoop.READABLE | EventLoop.EDGE_TRIGGERED,
                e -> context.needsReset("queue " + setup.index() + ": the kernel found an error in the ring"));
        set("VHOST_SET_VRING_ERR", VhostIoctl.VHOST_SET_VRING_ERR, error.number());
        set("VHOST_SET_VRING_CALL", VhostIoctl.VHOST_SET_VRING_CALL, interrupt);
        set(
                "VHOST_SET_VRING_KICK",
                VhostIoctl.VHOST_SET_VRING_KICK,
                setup.kick().number());
    }

    private static long hostAddress(GuestMemory memory, long gpa, long length) {
        for (MemoryRegion region : memory.regions()) {
            long offset = gpa - region.guestAddress();
            if (offset >= 0 && offset <= region.lengthBytes() - length) {
                return region.hostAddress() + offset;
            }
        }
        throw new VhostQueueException("a ring of %d bytes at 0x%x, which is not all RAM".formatted(length, gpa));
    }

    private void set(String name, long request, int value) {
        device.call(name, request, state(value), "index=" + index + ", value=" + value);
    }

    /** struct vhost_vring_state, or struct vhost_vring_file, which looks the same. */
    private NativeStruct state(int value) {
        state.buffer().putInt(0, index).putInt(Integer.BYTES, value);
        return state;
    }

    /** Takes the queue from the kernel, whose thread has left it by the device's own request before. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        // Asking for the ring's place ends what the kernel still does with it; descriptors are let go of.
        device.tryCall(VhostIoctl.VHOST_GET_VRING_BASE, state(0));
        device.tryCall(VhostIoctl.VHOST_SET_VRING_KICK, state(NONE));
        device.tryCall(VhostIoctl.VHOST_SET_VRING_CALL, state(NONE));
        device.tryCall(VhostIoctl.VHOST_SET_VRING_ERR, state(NONE));
        loop.runAndWait(() -> {
            loop.unregister(error.number());
            if (call != null) {
                loop.unregister(call.number());
            }
        });
        error.close();
        if (call != null) {
            call.close();
        }
    }
}
