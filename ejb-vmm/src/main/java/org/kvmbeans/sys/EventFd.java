package org.kvmbeans.sys;

import java.nio.ByteBuffer;

/**
 * Owner of an eventfd(2): a counter that one side adds to and the other waits for.
 *
 * <p>It does not block. All methods may be called from any thread.
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;

    private final Posix posix;
    private final OwnedFd fd;

    private EventFd(Posix posix, OwnedFd fd) {
        this.posix = posix;
        this.fd = fd;
    }

    /**
     * Makes one whose counter is 0.
     *
     * @throws PosixException where the host refuses
     */
    public static EventFd create(Posix posix) {
        int fd = PosixException.check(posix.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", "");
        return new EventFd(posix, new OwnedFd(posix, fd));
    }

    /** The number of the descriptor. */
    public int number() {
        return fd.number();
    }

    /** Adds one to the counter; whoever waits for it wakes. */
    public void signal() {
        // The counter holds 64 bits: EAGAIN, its one failure, tells that it is signalled already.
        posix.signalEventfd(fd.number(), 1);
    }

    /** Takes the counter, which is 0 afterwards; 0 where nobody signalled since. */
    public long take() {
        NativeStruct counter = new NativeStruct(posix, Long.BYTES);
        ByteBuffer buffer = counter.buffer();
        return posix.read(fd.number(), counter.address(), Long.BYTES) == Long.BYTES ? buffer.getLong(0) : 0;
    }

    @Override
    public void close() {
        fd.close();
    }
}
