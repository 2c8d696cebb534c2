package org.kvmbeans.memory;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Mapping;
import org.kvmbeans.sys.Mman;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;

/**
 * The RAM of one virtual machine: a memfd mapped into this process.
 *
 * <p>RAM lies at guest-physical 0 up to {@link #HOLE_START}, and from {@link #HOLE_END} up; between are devices. Accessors
 * take guest-physical addresses, are little-endian, and throw {@link GuestAddressException} where a byte is not RAM. They
 * may be called from any thread; like a CPU's, accesses that race give some mixture of the values. A memory that is closed
 * behaves as one of no bytes: nothing that is reached through this class can bring the JVM down.
 */
public final class GuestMemory implements AutoCloseable {
    /** The smallest RAM of a guest, bytes. */
    public static final long MIN_BYTES = 1L << 20;
    /** The largest RAM of a guest, bytes. */
    public static final long MAX_BYTES = 4L << 40;
    /** RAM sizes are multiples of this, bytes. */
    public static final long PAGE_BYTES = 4096;
    /** First guest-physical address of the hole for devices below 4 GiB. */
    public static final long HOLE_START = 3L << 30;
    /** First guest-physical address above the hole. */
    public static final long HOLE_END = 4L << 30;

    private static final int WINDOW_SHIFT = 30;
    private static final int WINDOW_MASK = Mapping.WINDOW_BYTES - 1;

    private final Posix posix;
    private final long sizeBytes;
    private final OwnedFd memfd;
    private final Mapping mapping;
    private final List<MemoryRegion> regions;
    /** The mapping's buffers; empty once closed. A stale read still finds mapped memory, so it need not be volatile. */
    private ByteBuffer[] windows;

    private GuestMemory(Posix posix, OwnedFd memfd, Mapping mapping) {
        this.posix = posix;
        this.memfd = memfd;
        this.mapping = mapping;
        this.sizeBytes = mapping.length();
        this.windows = mapping.windows();
        long low = Math.min(sizeBytes, HOLE_START);
        MemoryRegion below = new MemoryRegion(0, low, mapping.address());
        this.regions = sizeBytes == low
                ? List.of(below)
                : List.of(below, new MemoryRegion(HOLE_END, sizeBytes - low, mapping.address() + low));
    }

    /**
     * Allocates RAM; the host backs it page by page as it is touched.
     *
     * @param name shown in {@code /proc/PID/maps}
     * @param sizeBytes {@link #MIN_BYTES} to {@link #MAX_BYTES}, a multiple of {@link #PAGE_BYTES}
     * @throws IllegalArgumentException where the size is none of these
     * @throws PosixException where the host refuses
     */
    public static GuestMemory allocate(Posix posix, String name, long sizeBytes) {
        if (sizeBytes < MIN_BYTES || sizeBytes > MAX_BYTES || sizeBytes % PAGE_BYTES != 0) {
            throw new IllegalArgumentException("guest memory of " + sizeBytes
                    + " bytes: it must be 1 MiB to 4 TiB and a multiple of " + PAGE_BYTES);
        }
        int fd = posix.memfdCreate(name, Mman.MFD_CLOEXEC | Mman.MFD_ALLOW_SEALING);
        OwnedFd memfd = new OwnedFd(posix, PosixException.check(fd, "memfd_create", name));
        try {
            PosixException.check(posix.ftruncate(fd, sizeBytes), "ftruncate", "guest memory, " + sizeBytes + " bytes");
            // A file that cannot shrink cannot make an access to its mapping fault.
            int seals = Mman.F_SEAL_SHRINK | Mman.F_SEAL_GROW | Mman.F_SEAL_SEAL;
            PosixException.check(posix.fcntl(fd, Mman.F_ADD_SEALS, seals), "F_ADD_SEALS", "guest memory");
            Mapping mapping = Mapping.shared(posix, fd, 0, sizeBytes);
            // Advice: a host whose shared memory has no huge pages, or whose cores hold everything, loses nothing.
            posix.madvise(mapping.address(), sizeBytes, Mman.MADV_HUGEPAGE);
            posix.madvise(mapping.address(), sizeBytes, Mman.MADV_DONTDUMP);
            return new GuestMemory(posix, memfd, mapping);
        } catch (RuntimeException e) {
            memfd.close();
            throw e;
        }
    }

    /** RAM in bytes. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Bytes that the host has backed with pages; 0 once closed. */
    public long residentBytes() {
        return windows.length == 0 ? 0 : Math.max(0, posix.allocatedBytes(memfd.number()));
    }

    /** Where RAM is: one region, or two with the hole between. */
    public List<MemoryRegion> regions() {
        return regions;
    }

    /** Whether {@code length} bytes from {@code gpa} on are RAM, without the hole between. */
    public boolean contains(long gpa, long length) {
        long low = Math.min(sizeBytes, HOLE_START);
        long high = gpa - HOLE_END;
        return length >= 0 && ((gpa >= 0 && gpa <= low - length) || (high >= 0 && high <= sizeBytes - low - length));
    }

    public byte getByte(long gpa) {
        long offset = offsetOf(gpa, 1);
        return window(offset).get((int) offset & WINDOW_MASK);
    }

    public short getShort(long gpa) {
        long offset = offsetOf(gpa, Short.BYTES);
        return within(offset, Short.BYTES)
                ? window(offset).getShort((int) offset & WINDOW_MASK)
                : straddling(offset, Short.BYTES).getShort();
    }

    public int getInt(long gpa) {
        long offset = offsetOf(gpa, Integer.BYTES);
        return within(offset, Integer.BYTES)
                ? window(offset).getInt((int) offset & WINDOW_MASK)
                : straddling(offset, Integer.BYTES).getInt();
    }

    public long getLong(long gpa) {
        long offset = offsetOf(gpa, Long.BYTES);
        return within(offset, Long.BYTES)
                ? window(offset).getLong((int) offset & WINDOW_MASK)
                : straddling(offset, Long.BYTES).getLong();
    }

    public void putByte(long gpa, byte value) {
        long offset = offsetOf(gpa, 1);
        window(offset).put((int) offset & WINDOW_MASK, value);
    }

    public void putShort(long gpa, short value) {
        long offset = offsetOf(gpa, Short.BYTES);
        if (within(offset, Short.BYTES)) {
            window(offset).putShort((int) offset & WINDOW_MASK, value);
        } else {
            copyIn(offset, little(Short.BYTES).putShort(value).flip());
        }
    }

    public void putInt(long gpa, int value) {
        long offset = offsetOf(gpa, Integer.BYTES);
        if (within(offset, Integer.BYTES)) {
            window(offset).putInt((int) offset & WINDOW_MASK, value);
        } else {
            copyIn(offset, little(Integer.BYTES).putInt(value).flip());
        }
    }

    public void putLong(long gpa, long value) {
        long offset = offsetOf(gpa, Long.BYTES);
        if (within(offset, Long.BYTES)) {
            window(offset).putLong((int) offset & WINDOW_MASK, value);
        } else {
            copyIn(offset, little(Long.BYTES).putLong(value).flip());
        }
    }

    /** Copies {@code length} bytes from the guest into {@code target}. */
    public void read(long gpa, byte[] target, int start, int length) {
        copyOut(offsetOf(gpa, length), ByteBuffer.wrap(target, start, length));
    }

    /** Copies {@code length} bytes of {@code source} into the guest. */
    public void write(long gpa, byte[] source, int start, int length) {
        copyIn(offsetOf(gpa, length), ByteBuffer.wrap(source, start, length));
    }

    /**
     * A view of {@code length} bytes of RAM, little-endian, for what is accessed all the time: rings. It can be read and
     * written safely for ever, but shows the guest's memory only until {@link #close}.
     *
     * @return null where the bytes lie in two of the mapping's buffers: use the accessors then
     * @throws GuestAddressException where they are not all RAM
     */
    public @Nullable ByteBuffer view(long gpa, int length) {
        long offset = offsetOf(gpa, length);
        return within(offset, length) ? stretch(offset, length).order(ByteOrder.LITTLE_ENDIAN) : null;
    }

    /** Adds {@code length} bytes of RAM from {@code gpa} on to a vector, for system calls. */
    public void addTo(IoVector vector, long gpa, long length) {
        long offset = offsetOf(gpa, length);
        long end = offset + length;
        while (offset < end) {
            int start = (int) offset & WINDOW_MASK;
            int part = (int) Math.min(end - offset, Mapping.WINDOW_BYTES - start);
            vector.add(window(offset), mapping.address() + (offset - start), start, part);
            offset += part;
        }
    }

    /**
     * Reads a stretch of a file straight into guest memory.
     *
     * @return {@code length}
     * @throws EOFException where the file ends before
     */
    public long load(FileChannel channel, long filePosition, long gpa, long length) throws IOException {
        long offset = offsetOf(gpa, length);
        long done = 0;
        while (done < length) {
            ByteBuffer target = stretch(offset + done, length - done);
            int count = channel.read(target, filePosition + done);
            if (count < 0) {
                throw new EOFException("the file ends at byte " + (filePosition + done) + ", " + (length - done)
                        + " bytes before what is to be loaded");
            }
            done += count;
        }
        return length;
    }

    /**
     * Gives pages back to the host: they read as zero until the guest writes to them again. Pages that {@code length} bytes
     * from {@code gpa} on cover only in part stay as they are.
     *
     * @return bytes given back, whether or not the host had backed them
     * @throws GuestAddressException where a byte is not RAM; nothing is given back then
     * @throws PosixException where the host refuses
     */
    public long discard(long gpa, long length) {
        long offset = offsetOf(gpa, length);
        long start = (offset + PAGE_BYTES - 1) & -PAGE_BYTES;
        long bytes = ((offset + length) & -PAGE_BYTES) - start;
        if (bytes <= 0) {
            return 0;
        }
        // A hole in the file, not in the mapping: what other processes map of it, vhost or KVM, loses the pages as
        // well.
        int mode = Mman.FALLOC_FL_PUNCH_HOLE | Mman.FALLOC_FL_KEEP_SIZE;
        PosixException.check(
                posix.fallocate(memfd.number(), mode, start, bytes),
                "FALLOC_FL_PUNCH_HOLE",
                "guest memory, gpa=0x%x, %d bytes".formatted(gpa, length));
        return bytes;
    }

    /** Gives the memory back to the host. Idempotent; nothing may run in the guest any more. */
    @Override
    public void close() {
        windows = new ByteBuffer[0];
        mapping.close();
        memfd.close();
    }

    /** The offset in the memfd of an access, checked to lie in one region. */
    private long offsetOf(long gpa, long length) {
        if (length >= 0 && windows.length > 0) {
            long low = Math.min(sizeBytes, HOLE_START);
            if (gpa >= 0 && gpa <= low - length) {
                return gpa;
            }
            long high = gpa - HOLE_END;
            if (high >= 0 && high <= sizeBytes - low - length) {
                return low + high;
            }
        }
        throw new GuestAddressException(gpa, length);
    }

    private ByteBuffer window(long offset) {
        ByteBuffer[] current = windows;
        int index = (int) (offset >>> WINDOW_SHIFT);
        if (index >= current.length) {
            throw new GuestAddressException(offset, 1);
        }
        return current[index];
    }

    private static boolean within(long offset, int length) {
        return ((int) offset & WINDOW_MASK) <= Mapping.WINDOW_BYTES - length;
    }

    /** A view of as much from {@code offset} on as one window holds, at most {@code length}. */
    private ByteBuffer stretch(long offset, long length) {
        int start = (int) offset & WINDOW_MASK;
        int count = (int) Math.min(length, Mapping.WINDOW_BYTES - start);
        return count == 0 ? little(0) : window(offset).slice(start, count);
    }

    private ByteBuffer straddling(long offset, int length) {
        ByteBuffer bytes = little(length);
        copyOut(offset, bytes);
        return bytes.flip();
    }

    private void copyOut(long offset, ByteBuffer target) {
        for (long at = offset; target.hasRemaining(); ) {
            ByteBuffer source = stretch(at, target.remaining());
            at += source.remaining();
            target.put(source);
        }
    }

    private void copyIn(long offset, ByteBuffer source) {
        for (long at = offset; source.hasRemaining(); ) {
            ByteBuffer target = stretch(at, source.remaining());
            int count = target.remaining();
            target.put(source.slice(source.position(), count));
            source.position(source.position() + count);
            at += count;
        }
    }

    private static ByteBuffer little(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
