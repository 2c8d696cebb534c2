package org.kvmbeans.virtio.vhost;

import java.lang.ref.Reference;
import java.util.List;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.memory.MemoryRegion;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;

/**
 * One vhost instance: a kernel thread that serves a few queues of a device, {@code /dev/vhost-net} or {@code
 * /dev/vhost-vsock}. Its methods are called one at a time, from any thread.
 */
public final class VhostDevice implements AutoCloseable {
    private static final int REGION_BYTES = 32;
    private static final int MEMORY_HEADER_BYTES = 8;

    private final Posix posix;
    private final OwnedFd fd;

    private VhostDevice(Posix posix, OwnedFd fd) {
        this.posix = posix;
        this.fd = fd;
    }

    /**
     * Opens an instance and makes it this process's.
     *
     * @param path {@code /dev/vhost-net} for instance
     * @throws PosixException where there is none, or this user may not open it
     */
    public static VhostDevice open(Posix posix, String path) {
        int number = PosixException.check(posix.open(path, Open.RDWR | Open.CLOEXEC | Open.NONBLOCK), "open", path);
        OwnedFd fd = new OwnedFd(posix, number);
        try {
            fd.ioctl("VHOST_SET_OWNER", VhostIoctl.VHOST_SET_OWNER, 0, path);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
        return new VhostDevice(posix, fd);
    }

    /** The feature bits that the kernel knows, of virtio and of vhost itself. */
    public long features() {
        NativeStruct value = new NativeStruct(posix, Long.BYTES);
        fd.ioctl("VHOST_GET_FEATURES", VhostIoctl.VHOST_GET_FEATURES, value, "");
        return value.buffer().getLong(0);
    }

    /** Sets the features in use: a subset of {@link #features}. */
    public void useFeatures(long features) {
        NativeStruct value = new NativeStruct(posix, Long.BYTES);
        value.buffer().putLong(0, features);
        fd.ioctl("VHOST_SET_FEATURES", VhostIoctl.VHOST_SET_FEATURES, value, "0x" + Long.toHexString(features));
    }

    /** Tells where in this process the guest's memory is. */
    public void useMemory(GuestMemory memory) {
        List<MemoryRegion> regions = memory.regions();
        NativeStruct table = new NativeStruct(posix, MEMORY_HEADER_BYTES + regions.size() * REGION_BYTES);
        table.buffer().putInt(regions.size()).putInt(0);
        for (MemoryRegion region : regions) {
            table.buffer()
                    .putLong(region.guestAddress())
                    .putLong(region.lengthBytes())
                    .putLong(region.hostAddress())
                    .putLong(0);
        }
        fd.ioctl("VHOST_SET_MEM_TABLE", VhostIoctl.VHOST_SET_MEM_TABLE, table, regions.size() + " regions");
    }

    /**
     * Sets up one queue; the kernel serves it once the device's own request has started it.
     *
     * @param index its number in this instance
     * @param loop runs what the kernel cannot do: interrupts without MSI-X, and errors in the ring
     * @throws VhostQueueException where the driver put the ring outside RAM
     */
    public VhostQueue addQueue(int index, QueueSetup setup, DeviceContext context, EventLoop loop) {
        return VhostQueue.open(posix, this, index, setup, context, loop);
    }

    /** An ioctl that must succeed, for what only one kind of device has. */
    public void call(String name, long request, NativeStruct argument, String arguments) {
        fd.ioctl(name, request, argument, arguments);
    }

    /** As {@link #call}, where a failure changes nothing. */
    int tryCall(long request, NativeStruct argument) {
        try {
            return fd.ioctl(request, argument.address());
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    /** What a user can do about a failure to open {@code path}. */
    public static String hint(PosixException e, String path, String module) {
        return switch (e.errno()) {
            case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO -> "load the module " + module;
            case Errno.EACCES, Errno.EPERM -> "let this user read and write " + path;
            default -> "see the kernel's log";
        };
    }

    @Override
    public void close() {
        fd.close();
    }
}
