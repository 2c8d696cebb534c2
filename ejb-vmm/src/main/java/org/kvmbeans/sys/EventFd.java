package org.kvmbeans.sys;

import org.jspecify.annotations.Nullable;

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
    /** Where {@link #take} reads to: made once, as guests can have it called as often as they like. */
    private @Nullable NativeStruct counter;

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
    public synchronized long take() {
        NativeStruct target = counter;
        if (target == null) {
            target = new NativeStruct(posix, Long.BYTES);
            counter = target;
        }
        boolean taken = posix.read(fd.number(), target.address(), Long.BYTES) == Long.BYTES;
        return taken ? target.buffer().getLong(0) : 0;
    }

    @Override
    public void close() {
        fd.close();
    }
}
