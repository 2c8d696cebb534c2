package org.kvmbeans.virtio.net.tap;

import java.lang.ref.Reference;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.net.FramePort;

/** One queue of a TAP interface: a packet is one readv(2) or writev(2). */
final class TapPort implements FramePort {
    private final Posix posix;
    private final TapInterface tap;
    private final int queue;
    private final int fd;

    TapPort(Posix posix, TapInterface tap, int queue) {
        this.posix = posix;
        this.tap = tap;
        this.queue = queue;
        this.fd = tap.queueFd(queue);
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public Sent send(IoVector packet) {
        long result = write(packet);
        if (result >= 0) {
            return Sent.DONE;
        }
        return switch ((int) -result) {
            case Errno.EAGAIN -> Sent.FULL;
            case Errno.EBADF, ErrnoOfTun.EBADFD -> Sent.BROKEN;
            // EIO: the interface is down. EINVAL: headers that the kernel does not take.
            default -> Sent.REFUSED;
        };
    }

    private long write(IoVector packet) {
        try {
            long result;
            do {
                result = posix.writev(fd, packet.address(), packet.count());
            } while (result == -Errno.EINTR);
            return result;
        } finally {
            Reference.reachabilityFence(packet);
        }
    }

    @Override
    public boolean hasUnsent() {
        return false;
    }

    @Override
    public boolean flush() {
        return true;
    }

    @Override
    public long receive(IoVector room) {
        long result = read(room);
        if (result > 0) {
            return result;
        }
        return result == -Errno.EAGAIN ? NOTHING : BROKEN;
    }

    private long read(IoVector room) {
        try {
            long result;
            do {
                result = posix.readv(fd, room.address(), room.count());
            } while (result == -Errno.EINTR);
            return result;
        } finally {
            Reference.reachabilityFence(room);
        }
    }

    @Override
    public void enable(boolean on) {
        tap.attach(queue, on);
    }

    @Override
    public String failure() {
        return "the TAP interface " + tap.name() + " is gone";
    }

    /** Error numbers that only TAP descriptors return. */
    private static final class ErrnoOfTun {
        /** The descriptor's interface was deleted. */
        static final int EBADFD = 77;
    }
}
