package org.kvmbeans.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads through the page cache that the kernel carries out while its caller goes on: io_uring(7). Many requests go to the
 * kernel in one call. What the page cache has is there when that returns; for the rest no thread waits. Used by one thread at
 * a time, but for {@link #open}.
 *
 * @param <T> what the caller knows a request by
 */
public final class IoUring<T> implements AutoCloseable {
    // struct io_uring_params: linux/io_uring.h.
    private static final int PARAMS_BYTES = 120;
    private static final int PARAMS_SUBMISSIONS = 0;
    private static final int PARAMS_COMPLETIONS = 4;
    private static final int PARAMS_FEATURES = 20;
    private static final int PARAMS_SUBMISSION_OFFSETS = 40;
    private static final int PARAMS_COMPLETION_OFFSETS = 80;
    // struct io_sqring_offsets and struct io_cqring_offsets.
    private static final int OFFSET_TAIL = 4;
    private static final int OFFSET_COMPLETION_HEAD = 0;
    private static final int OFFSET_COMPLETIONS = 20;
    private static final int OFFSET_COMPLETION_FLAGS = 24;
    private static final int OFFSET_ARRAY = 24;

    /** One mapping of both rings; no completion dropped; and what came with Linux 5.9, the first to read without a worker. */
    private static final int FEATURES = 1 | 1 << 1 | 1 << 6;

    private static final long OFFSET_OF_ENTRIES = 0x1000_0000;

    // struct io_uring_sqe.
    private static final int ENTRY_BYTES = 64;
    private static final int ENTRY_FLAGS = 1;
    private static final int ENTRY_FD = 4;
    private static final int ENTRY_OFFSET = 8;
    private static final int ENTRY_ADDRESS = 16;
    private static final int ENTRY_LENGTH = 24;
    private static final int ENTRY_USER_DATA = 32;
    private static final byte READV = 1;
    private static final byte READ = 22;
    /** Carried out on a thread of the kernel from the outset. */
    private static final byte ON_KERNEL_THREAD = 1 << 4;

    /** What takes longer to copy than it takes to wake a thread on another processor. */
    private static final int LARGE_BYTES = 256 << 10;

    private static final boolean SEVERAL_PROCESSORS = Runtime.getRuntime().availableProcessors() > 1;

    // struct io_uring_cqe.
    private static final int COMPLETION_BYTES = 16;
    private static final int COMPLETION_RESULT = 8;

    private static final int ENTER_GETEVENTS = 1;
    private static final int REGISTER_EVENTFD = 4;
    private static final int EVENTFD_DISABLED = 1;

    /** Indexes that this process and the kernel share. */
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final Posix posix;
    private final OwnedFd fd;
    private final Mapping rings;
    private final Mapping entries;
    private final int tail;
    private final int completionHead;
    private final int completionTail;
    private final int completionFlags;
    private final int completions;
    private final int submissionMask;
    private final int completionMask;
    private final AsyncSlots<T> slots;
    private int pending;
    /** Where the last one taken is in the entries, if it is large and has not been handed over; otherwise negative. */
    private int lastLarge = -1;

    private int inProgress;
    private boolean closed;

    private IoUring(Posix posix, OwnedFd fd, int depth, ByteBuffer params) {
        this.posix = posix;
        this.fd = fd;
        int submissions = params.getInt(PARAMS_SUBMISSIONS);
        submissionMask = submissions - 1;
        completionMask = params.getInt(PARAMS_COMPLETIONS) - 1;
        tail = params.getInt(PARAMS_SUBMISSION_OFFSETS + OFFSET_TAIL);
        int array = params.getInt(PARAMS_SUBMISSION_OFFSETS + OFFSET_ARRAY);
        completionHead = params.getInt(PARAMS_COMPLETION_OFFSETS + OFFSET_COMPLETION_HEAD);
        completionTail = params.getInt(PARAMS_COMPLETION_OFFSETS + OFFSET_TAIL);
        completionFlags = params.getInt(PARAMS_COMPLETION_OFFSETS + OFFSET_COMPLETION_FLAGS);
        completions = params.getInt(PARAMS_COMPLETION_OFFSETS + OFFSET_COMPLETIONS);
        int bytes =
                Math.max(array + submissions * Integer.BYTES, completions + (completionMask + 1) * COMPLETION_BYTES);
        rings = Mapping.shared(posix, fd.number(), 0, bytes);
        try {
            entries = Mapping.shared(posix, fd.number(), OFFSET_OF_ENTRIES, (long) submissions * ENTRY_BYTES);
        } catch (PosixException e) {
            rings.close();
            throw e;
        }
        for (int i = 0; i < submissions; i++) {
            ring().putInt(array + i * Integer.BYTES, i);
        }
        slots = new AsyncSlots<>(depth);
    }

    /**
     * Opens a ring of the kernel.
     *
     * @param signal is signalled when requests are done; stays the caller's, open until this is closed
     * @param depth the most requests at a time: a power of two
     * @return null where the kernel has none, or none for this process: containers and some distributions are without
     */
    public static <T> @Nullable IoUring<T> open(Posix posix, EventFd signal, int depth) {
        NativeStruct params = new NativeStruct(posix, PARAMS_BYTES);
        int number = posix.ioUringSetup(depth, params.address());
        if (number < 0) {
            return null;
        }
        OwnedFd fd = new OwnedFd(posix, number);
        if ((params.buffer().getInt(PARAMS_FEATURES) & FEATURES) == FEATURES && signals(posix, number, signal)) {
            try {
                return new IoUring<>(posix, fd, depth, params.buffer());
            } catch (PosixException e) {
                // Without memory for it, it is as if the kernel had none.
            }
        }
        fd.close();
        return null;
    }

    private static boolean signals(Posix posix, int ring, EventFd signal) {
        NativeStruct eventfd = new NativeStruct(posix, Integer.BYTES);
        eventfd.buffer().putInt(0, signal.number());
        try {
            return posix.ioUringRegister(ring, REGISTER_EVENTFD, eventfd.address(), 1) >= 0;
        } finally {
            Reference.reachabilityFence(eventfd);
        }
    }

    private ByteBuffer ring() {
        return rings.windows()[0];
    }

    /** How many more requests can be taken. */
    public int room() {
        return closed ? 0 : slots.room();
    }

    /**
     * Takes a read, for which there is room; {@link #submit} hands it to the kernel. The vector and its memory are not to be
     * changed until it is done. Of several large ones together, threads of the kernel copy all but the last.
     */
    public void read(int file, long offset, IoVector target, T request) {
        boolean single = target.count() == 1;
        int next = (int) INT.get(ring(), tail);
        int at = (next & submissionMask) * ENTRY_BYTES;
        if (lastLarge >= 0) {
            entries.windows()[0].put(lastLarge + ENTRY_FLAGS, ON_KERNEL_THREAD);
        }
        lastLarge = SEVERAL_PROCESSORS && target.totalBytes() >= LARGE_BYTES ? at : -1;
        entries.windows()[0]
                .put(at, single ? READ : READV)
                .put(at + ENTRY_FLAGS, (byte) 0)
                .putInt(at + ENTRY_FD, file)
                .putLong(at + ENTRY_OFFSET, offset)
                .putLong(at + ENTRY_ADDRESS, single ? target.segmentAddress(0) : target.address())
                .putInt(at + ENTRY_LENGTH, single ? (int) target.totalBytes() : target.count())
                .putLong(at + ENTRY_USER_DATA, slots.take(request));
        INT.setRelease(ring(), tail, next + 1);
        pending++;
    }

    /**
     * Hands what was taken to the kernel. {@link #reap} is to follow: it tells of what was refused, too, and of what is done by
     * now there is no signal.
     */
    public void submit() {
        if (pending == 0) {
            return;
        }
        lastLarge = -1;
        INT.setOpaque(ring(), completionFlags, EVENTFD_DISABLED);
        while (pending > 0) {
            int result = posix.ioUringEnter(fd.number(), pending, 0, 0);
            if (result > 0) {
                pending -= result;
                inProgress += result;
            } else if (result != -Errno.EINTR) {
                takeBack(-result);
            }
        }
        // From here on there is a signal; whoever looks at the ring after this sees all that had none.
        INT.setVolatile(ring(), completionFlags, 0);
    }

    /** What the kernel does not take: the last ones of the ring. */
    private void takeBack(int errno) {
        int end = (int) INT.get(ring(), tail);
        for (int i = end - pending; i != end; i++) {
            int slot = (int) entries.windows()[0].getLong((i & submissionMask) * ENTRY_BYTES + ENTRY_USER_DATA);
            slots.refuse(slot, errno);
        }
        INT.setRelease(ring(), tail, end - pending);
        pending = 0;
    }

    /** Tells of the requests that are done. */
    public void reap(IoListener<T> listener) {
        slots.reapRefused(listener);
        while (!closed) {
            int head = (int) INT.get(ring(), completionHead);
            if (head == (int) INT.getAcquire(ring(), completionTail)) {
                return;
            }
            int at = completions + (head & completionMask) * COMPLETION_BYTES;
            int slot = (int) ring().getLong(at);
            int result = ring().getInt(at + COMPLETION_RESULT);
            INT.setRelease(ring(), completionHead, head + 1);
            inProgress--;
            listener.done(slots.release(slot), result);
        }
    }

    /** Waits until nothing is in progress, forgets it, and gives the ring back. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        slots.reapRefused((request, result) -> {});
        while (inProgress > 0) {
            int result = posix.ioUringEnter(fd.number(), 0, inProgress, ENTER_GETEVENTS);
            if (result < 0 && result != -Errno.EINTR) {
                throw new PosixException("io_uring_enter", -result, "closing, " + inProgress + " requests in progress");
            }
            reap((request, done) -> {});
        }
        closed = true;
        entries.close();
        rings.close();
        fd.close();
    }
}
