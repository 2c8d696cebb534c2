package org.kvmbeans.sys;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Direct reads and writes of files that the kernel carries out while its caller goes on: io_submit(2) and its kin, which are
 * faster for that than io_uring and there for every process.
 *
 * <p>Many requests go to the kernel in one call, and those that are done are read from a ring that the kernel shares, in
 * none. Used by one thread at a time, but for {@link #open}.
 *
 * @param <T> what the caller knows a request by
 */
public final class LinuxAio<T> implements AutoCloseable {
    // struct iocb: linux/aio_abi.h.
    private static final int IOCB_BYTES = 64;
    private static final int IOCB_RW_FLAGS = 12;
    private static final int IOCB_OPCODE = 16;
    private static final int IOCB_FD = 20;
    private static final int IOCB_BUFFER = 24;
    private static final int IOCB_COUNT = 32;
    private static final int IOCB_OFFSET = 40;
    private static final int IOCB_FLAGS = 56;
    private static final int IOCB_EVENTFD = 60;
    private static final int FLAG_EVENTFD = 1;

    /** The kernel hands requests to the device when a call ends: so soon that it works while more are being taken. */
    private static final int BATCH = 4;

    private static final short PREAD = 0;
    private static final short PWRITE = 1;
    private static final short PREADV = 7;
    private static final short PWRITEV = 8;

    // struct aio_ring, which the context's number is the address of: fs/aio.c, and libaio, which reads it as well.
    private static final int RING_ENTRIES = 4;
    private static final int RING_HEAD = 8;
    private static final int RING_TAIL = 12;
    private static final int RING_MAGIC_OFFSET = 16;
    private static final int RING_INCOMPATIBLE = 24;
    private static final int RING_HEADER_BYTES = 32;
    private static final int RING_MAGIC = 0xa10a10a1;
    private static final int EVENT_BYTES = 32;
    private static final int EVENT_RESULT = 16;

    private final Posix posix;
    private final EventFd signal;
    private final long context;
    private final NativeStruct iocbs;
    private final NativeStruct submissions;
    private final ByteBuffer ring;
    private final int ringEntries;
    private final AsyncSlots<T> slots;
    private int pending;
    private boolean closed;

    private LinuxAio(Posix posix, EventFd signal, int depth, long context, ByteBuffer ring) {
        this.posix = posix;
        this.signal = signal;
        this.context = context;
        this.ring = ring;
        ringEntries = ring.getInt(RING_ENTRIES);
        iocbs = new NativeStruct(posix, depth * IOCB_BYTES);
        submissions = new NativeStruct(posix, BATCH * Long.BYTES);
        slots = new AsyncSlots<>(depth);
    }

    /**
     * Opens a context of the kernel.
     *
     * @param signal is signalled when requests are done; stays the caller's, open until this is closed
     * @param depth the most requests at a time
     * @return null where the kernel has none, or none left (fs.aio-max-nr)
     */
    public static <T> @Nullable LinuxAio<T> open(Posix posix, EventFd signal, int depth) {
        NativeStruct answer = new NativeStruct(posix, Long.BYTES);
        if (posix.ioSetup(depth, answer.address()) < 0) {
            return null;
        }
        long context = answer.buffer().getLong(0);
        ByteBuffer header = posix.bufferAt(context, RING_HEADER_BYTES).order(ByteOrder.nativeOrder());
        int entries = header.getInt(RING_ENTRIES);
        boolean known = header.getInt(RING_MAGIC_OFFSET) == RING_MAGIC
                && header.getInt(RING_INCOMPATIBLE) == 0
                && entries >= depth;
        if (!known) {
            posix.ioDestroy(context);
            return null;
        }
        ByteBuffer ring = posix.bufferAt(context, RING_HEADER_BYTES + (long) entries * EVENT_BYTES)
                .order(ByteOrder.nativeOrder());
        return new LinuxAio<>(posix, signal, depth, context, ring);
    }

    /** How many more requests can be taken. */
    public int room() {
        return closed ? 0 : slots.room();
    }

    /**
     * Takes a read, for which there is room; {@link #submit} hands it to the kernel, if that has not been done before. The
     * vector and its memory are not to be changed until it is done.
     *
     * @param flags as preadv2(2) takes them
     */
    public void read(int fd, long offset, IoVector target, int flags, T request) {
        take(target.count() == 1 ? PREAD : PREADV, fd, offset, target, flags, request);
    }

    /** Takes a write; as {@link #read}. */
    public void write(int fd, long offset, IoVector source, int flags, T request) {
        take(source.count() == 1 ? PWRITE : PWRITEV, fd, offset, source, flags, request);
    }

    private void take(short opcode, int fd, long offset, IoVector vector, int flags, T request) {
        int slot = slots.take(request);
        boolean single = vector.count() == 1;
        int at = slot * IOCB_BYTES;
        iocbs.buffer()
                .putLong(at, slot)
                .putInt(at + IOCB_RW_FLAGS, flags)
                .putShort(at + IOCB_OPCODE, opcode)
                .putInt(at + IOCB_FD, fd)
                .putLong(at + IOCB_BUFFER, single ? vector.segmentAddress(0) : vector.address())
                .putLong(at + IOCB_COUNT, single ? vector.totalBytes() : vector.count())
                .putLong(at + IOCB_OFFSET, offset)
                .putInt(at + IOCB_FLAGS, FLAG_EVENTFD)
                .putInt(at + IOCB_EVENTFD, signal.number());
        submissions.buffer().putLong(pending * Long.BYTES, iocbs.address() + at);
        pending++;
        if (pending == BATCH) {
            submit();
        }
    }

    /** Hands what was taken to the kernel; {@link #reap} tells of what it refused, too. */
    public void submit() {
        int done = 0;
        while (done < pending) {
            int result = posix.ioSubmit(context, pending - done, submissions.address() + (long) done * Long.BYTES);
            if (result > 0) {
                done += result;
            } else {
                // The first of them was not taken.
                long iocb = submissions.buffer().getLong(done * Long.BYTES);
                slots.refuse((int) ((iocb - iocbs.address()) / IOCB_BYTES), -result);
                done++;
            }
        }
        pending = 0;
    }

    /** Tells of the requests that are done. */
    public void reap(IoListener<T> listener) {
        slots.reapRefused(listener);
        while (!closed) {
            int head = ring.getInt(RING_HEAD);
            if (head == ring.getInt(RING_TAIL)) {
                return;
            }
            // Pairs with the kernel's write barrier between filling an event and moving the tail.
            VarHandle.acquireFence();
            int at = RING_HEADER_BYTES + head * EVENT_BYTES;
            int slot = (int) ring.getLong(at);
            long result = ring.getLong(at + EVENT_RESULT);
            // The event was read before the kernel may write another one in its place.
            VarHandle.fullFence();
            ring.putInt(RING_HEAD, (head + 1) % ringEntries);
            listener.done(slots.release(slot), result);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            // Waits for what cannot be cancelled, which reads and writes of files cannot.
            posix.ioDestroy(context);
        }
    }
}
