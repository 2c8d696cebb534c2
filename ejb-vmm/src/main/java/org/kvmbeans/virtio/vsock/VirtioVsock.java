package org.kvmbeans.virtio.vsock;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.spi.ConfigBytes;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.vhost.VhostDevice;
import org.kvmbeans.virtio.vhost.VhostQueue;
import org.kvmbeans.virtio.vhost.VhostQueueException;

/**
 * The socket device (virtio 1.2, 5.10): the kernel's vhost-vsock serves the receive and the transmit queue, so packets never
 * pass through this process. The event queue stays ours; its buffers wait for a transport reset, which only migration needs.
 *
 * <p>The guest has its context id from {@link #open} to {@link #close}, whether or not a driver runs.
 */
public final class VirtioVsock implements VirtioDevice {
    /** The device id: virtio 1.2, 5. */
    public static final int TYPE = 19;

    /** VIRTIO_VSOCK_F_SEQPACKET: sockets that keep message boundaries. */
    public static final long SEQPACKET = 1L << 1;

    static final String DEVICE = "/dev/vhost-vsock";

    /** {@code VHOST_VSOCK_SET_GUEST_CID} and {@code VHOST_VSOCK_SET_RUNNING}: {@code linux/vhost.h}. */
    static final long SET_GUEST_CID = 0x4008AF60;

    static final long SET_RUNNING = 0x4004AF61;

    private static final int QUEUES = 3;
    /** Receive and transmit; the event queue is the third. */
    private static final int KERNEL_QUEUES = 2;

    private static final int QUEUE_SIZE = 128;
    /** What the kernel serves of what a device may offer; packed rings it does not. */
    private static final long WANTED = VirtioFeatures.INDIRECT_DESCRIPTORS | VirtioFeatures.EVENT_INDEX | SEQPACKET;

    private final Posix posix;
    private final EventLoop loop;
    private final VsockOptions options;
    private final VhostDevice device;
    private final long kernelFeatures;

    /** Written by start and stop, of which one runs at a time. */
    private final List<VhostQueue> queues = new ArrayList<>();

    private VirtioVsock(Posix posix, EventLoop loop, VsockOptions options, VhostDevice device) {
        this.posix = posix;
        this.loop = loop;
        this.options = options;
        this.device = device;
        this.kernelFeatures = device.features();
    }

    /**
     * Opens vhost-vsock and takes the guest's context id.
     *
     * @param loop runs what the kernel cannot do: interrupts without MSI-X, and errors in the rings; stays the caller's, and
     *     open until this device is closed
     * @throws VsockException where the host has no vhost-vsock, this user may not use it, or the id is taken
     */
    public static VirtioVsock open(Posix posix, EventLoop loop, VsockOptions options) {
        VhostDevice device = openDevice(posix);
        try {
            takeCid(posix, device, options.cid());
            return new VirtioVsock(posix, loop, options, device);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private static VhostDevice openDevice(Posix posix) {
        try {
            return VhostDevice.open(posix, DEVICE);
        } catch (PosixException e) {
            throw new VsockException(
                    "vsock cannot be used: " + e.getMessage() + "; " + VhostDevice.hint(e, DEVICE, "vhost_vsock"), e);
        }
    }

    private static void takeCid(Posix posix, VhostDevice device, long cid) {
        NativeStruct argument = new NativeStruct(posix, Long.BYTES);
        argument.buffer().putLong(0, cid);
        try {
            device.call("VHOST_VSOCK_SET_GUEST_CID", SET_GUEST_CID, argument, "cid=" + cid);
        } catch (PosixException e) {
            throw e.errno() == Errno.EADDRINUSE
                    ? new VsockException("vsock cid " + cid + " is another guest's; choose another cid", e)
                    : new VsockException("vsock cid " + cid + " cannot be taken: " + e.getMessage(), e);
        }
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return kernelFeatures & WANTED;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public int configBytes() {
        return Long.BYTES;
    }

    @Override
    public long readConfig(int offset, int size) {
        ByteBuffer space =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, options.cid());
        return ConfigBytes.read(space, offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        // The guest's id is not the driver's to choose.
    }

    /** The guest's context id. */
    public long cid() {
        return options.cid();
    }

    @Override
    public void start(DeviceContext context) {
        try {
            device.useFeatures((context.features() & features()) | VirtioFeatures.VERSION_1);
            device.useMemory(context.memory());
            for (int index = 0; index < KERNEL_QUEUES; index++) {
                QueueSetup setup = context.queue(index);
                if (setup == null) {
                    context.needsReset("vsock without queue " + index + " of its " + QUEUES);
                    return;
                }
                queues.add(device.addQueue(index, setup, context, loop));
            }
            run(1);
        } catch (VhostQueueException | PosixException e) {
            // The kernel refuses rings that it cannot reach.
            context.needsReset("vsock cannot be started: " + e.getMessage());
        }
    }

    private void run(int running) {
        NativeStruct argument = new NativeStruct(posix, Integer.BYTES);
        argument.buffer().putInt(0, running);
        device.call("VHOST_VSOCK_SET_RUNNING", SET_RUNNING, argument, "running=" + running);
    }

    @Override
    public void stop() {
        if (queues.isEmpty()) {
            return;
        }
        // Returns when the kernel's thread has left the rings.
        run(0);
        queues.forEach(VhostQueue::close);
        queues.clear();
    }

    @Override
    public void close() {
        stop();
        device.close();
    }
}
