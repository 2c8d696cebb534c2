package org.kvmbeans.sys;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A mapping of a file into this process, seen through direct buffers.
 *
 * <p>A buffer over memory that is no longer mapped would end the JVM at its next use. So {@link #close()} first puts
 * anonymous zero pages in the place of the file, which gives the file's memory back at once, and the address range itself
 * is unmapped only when the garbage collector has found every buffer, and every slice of one, unreachable.
 */
public final class Mapping implements AutoCloseable {
    /** Bytes that one buffer covers: the largest power of two that an {@code int} can count. */
    public static final int WINDOW_BYTES = 1 << 30;

    private static final Cleaner CLEANER = Cleaner.create(task -> {
        Thread thread = new Thread(task, "kvmbeans-unmap");
        thread.setDaemon(true);
        return thread;
    });

    private static final ByteBuffer[] NONE = {};

    private final Posix posix;
    private final long address;
    private final long length;
    private volatile ByteBuffer @Nullable [] windows;

    private Mapping(Posix posix, long address, long length) {
        this.posix = posix;
        this.address = address;
        this.length = length;
        this.windows = windowsOver(posix, address, length);
    }

    /**
     * Maps {@code length} bytes of {@code fd} from {@code offset} on, shared, for reading and writing.
     *
     * @throws PosixException where the kernel refuses
     */
    public static Mapping shared(Posix posix, int fd, long offset, long length) {
        int protection = Mman.PROT_READ | Mman.PROT_WRITE;
        int flags = Mman.MAP_SHARED | Mman.MAP_NORESERVE;
        long address = PosixException.check(
                posix.mmap(0, length, protection, flags, fd, offset),
                "mmap",
                "fd=" + fd + ", offset=" + offset + ", length=" + length);
        return new Mapping(posix, address, length);
    }

    private static ByteBuffer[] windowsOver(Posix posix, long address, long length) {
        int count = Math.toIntExact((length + WINDOW_BYTES - 1) / WINDOW_BYTES);
        ByteBuffer[] windows = new ByteBuffer[count];
        AtomicInteger reachable = new AtomicInteger(count);
        for (int i = 0; i < count; i++) {
            long start = (long) i * WINDOW_BYTES;
            ByteBuffer window = posix.bufferAt(address + start, Math.min(WINDOW_BYTES, length - start));
            windows[i] = window.order(ByteOrder.LITTLE_ENDIAN);
            // The task must not hold the buffer, or it would stay reachable for ever.
            CLEANER.register(window, () -> {
                if (reachable.decrementAndGet() == 0) {
                    posix.munmap(address, length);
                }
            });
        }
        return windows;
    }

    /** The first byte's address, for the kernel. */
    public long address() {
        return address;
    }

    /** Bytes mapped. */
    public long length() {
        return length;
    }

    /** Buffers of {@link #WINDOW_BYTES} each, the last one shorter, little-endian; none once closed. */
    public ByteBuffer[] windows() {
        ByteBuffer[] current = windows;
        return current == null ? NONE : current;
    }

    @Override
    public synchronized void close() {
        if (windows == null) {
            return;
        }
        int protection = Mman.PROT_READ | Mman.PROT_WRITE;
        int flags = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE | Mman.MAP_FIXED;
        PosixException.check(
                posix.mmap(address, length, protection, flags, -1, 0), "mmap", "closing, length=" + length);
        windows = null;
    }
}
