package org.kvmbeans.machine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.Posix;

/**
 * A volatile write cache under one image file, in between our own code and the kernel: to end a process leaves the host's
 * page cache as it is, but a power cut does not.
 *
 * <p>Each sector is remembered in every version that it had since it was last made durable, by fdatasync(2) or by a
 * write to a descriptor with O_DSYNC. When the power goes, each sector gets one of its versions, as chance has it, so
 * that writes are lost, torn and out of order in every way that a disk may; nothing changes it after.
 */
final class VolatileCache {
    private static final int SECTOR_BYTES = 512;
    private static final int IOVEC_BYTES = 16;
    // struct iocb: linux/aio_abi.h.
    private static final int IOCB_BYTES = 64;
    private static final int IOCB_OPCODE = 16;
    private static final int IOCB_FD = 20;
    private static final int IOCB_BUFFER = 24;
    private static final int IOCB_COUNT = 32;
    private static final int IOCB_OFFSET = 40;
    private static final short IOCB_PWRITE = 1;
    private static final short IOCB_PWRITEV = 8;

    private final FaultyPosix calls = new FaultyPosix();
    private final Posix real = calls.real();
    private final Path image;
    private final Random random;

    /** The descriptors of the image, and whether what is written to them is durable at once. */
    private final Map<Integer, Boolean> descriptors = new HashMap<>();

    /** Versions of what may be on the medium, by sector; the first is durable. */
    private final Map<Long, List<byte[]>> versions = new TreeMap<>();

    private boolean powered = true;

    VolatileCache(Path image, Random random) {
        this.image = image;
        this.random = random;
        calls.answer("open", this::open);
        calls.answer("close", arguments -> {
            forgetDescriptor((int) arguments[0]);
            return null;
        });
        calls.answer(
                "pwrite",
                a -> write(
                        a,
                        (long) a[3],
                        (long) a[2],
                        () -> real.pwrite((int) a[0], (long) a[1], (long) a[2], (long) a[3])));
        calls.answer(
                "pwritev",
                a -> write(
                        a,
                        (long) a[3],
                        bytes((long) a[1], (int) a[2]),
                        () -> real.pwritev((int) a[0], (long) a[1], (int) a[2], (long) a[3])));
        calls.answer(
                "fallocate",
                a -> write(
                        a,
                        (long) a[2],
                        (long) a[3],
                        () -> real.fallocate((int) a[0], (int) a[1], (long) a[2], (long) a[3])));
        calls.answer("fdatasync", this::synchronize);
        calls.answer("ioSubmit", this::submit);
    }

    /** The system calls of the process whose disk this is under. */
    Posix posix() {
        return calls.posix();
    }

    private synchronized @Nullable Long open(Object[] arguments) {
        String path = (String) arguments[0];
        boolean ours = path.equals(image.toString())
                || descriptors.keySet().stream().anyMatch(fd -> path.equals("/proc/self/fd/" + fd));
        if (!ours) {
            return null;
        }
        int flags = (int) arguments[1];
        int fd = real.open(path, flags);
        if (fd >= 0) {
            descriptors.put(fd, (flags & Open.DSYNC) == Open.DSYNC);
        }
        return (long) fd;
    }

    private synchronized void forgetDescriptor(int fd) {
        descriptors.remove(fd);
    }

    private long bytes(long iovecs, int count) {
        ByteBuffer vector = real.bufferAt(iovecs, (long) count * IOVEC_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long total = 0;
        for (int i = 0; i < count; i++) {
            total += vector.getLong(i * IOVEC_BYTES + Long.BYTES);
        }
        return total;
    }

    private synchronized @Nullable Long write(Object[] arguments, long offset, long length, LongSupplier call) {
        Boolean durable = descriptors.get((int) arguments[0]);
        if (durable == null) {
            return null;
        }
        if (!powered) {
            return (long) -Errno.EIO;
        }
        List<byte[]> before = sectors(offset, length);
        long result = call.getAsLong();
        List<byte[]> after = sectors(offset, length);
        for (int i = 0; i < after.size(); i++) {
            long sector = offset / SECTOR_BYTES + i;
            if (durable) {
                versions.remove(sector);
            } else {
                remember(sector, before.get(i), after.get(i));
            }
        }
        return result;
    }

    /** Submits one request, as the kernel may. */
    private synchronized @Nullable Long submit(Object[] arguments) {
        long address = real.bufferAt((long) arguments[2], Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong(0);
        ByteBuffer iocb = real.bufferAt(address, IOCB_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        short opcode = iocb.getShort(IOCB_OPCODE);
        Boolean durable = descriptors.get(iocb.getInt(IOCB_FD));
        if (durable != null && (opcode == IOCB_PWRITE || opcode == IOCB_PWRITEV)) {
            if (!powered || durable) {
                // Nobody could tell when it is durable; pwritev(2), which is asked next, can.
                return (long) -Errno.EINVAL;
            }
            long offset = iocb.getLong(IOCB_OFFSET);
            byte[] source = opcode == IOCB_PWRITE
                    ? copy(iocb.getLong(IOCB_BUFFER), iocb.getLong(IOCB_COUNT))
                    : gather(iocb.getLong(IOCB_BUFFER), (int) iocb.getLong(IOCB_COUNT));
            List<byte[]> before = sectors(offset, source.length);
            for (int i = 0; i < before.size(); i++) {
                byte[] after = Arrays.copyOfRange(source, i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES);
                remember(offset / SECTOR_BYTES + i, before.get(i), after);
            }
        }
        return (long) real.ioSubmit((long) arguments[0], 1, (long) arguments[2]);
    }

    private byte[] gather(long iovecs, int count) {
        ByteBuffer vector = real.bufferAt(iovecs, (long) count * IOVEC_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            int at = i * IOVEC_BYTES;
            all.writeBytes(copy(vector.getLong(at), vector.getLong(at + Long.BYTES)));
        }
        return all.toByteArray();
    }

    private byte[] copy(long address, long length) {
        byte[] bytes = new byte[(int) length];
        real.bufferAt(address, length).get(bytes);
        return bytes;
    }

    private void remember(long sector, byte[] before, byte[] after) {
        List<byte[]> known = versions.computeIfAbsent(sector, number -> new ArrayList<>());
        if (known.isEmpty()) {
            known.add(before);
        }
        known.add(after);
    }

    private List<byte[]> sectors(long offset, long length) {
        List<byte[]> sectors = new ArrayList<>();
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            file.seek(offset);
            for (long done = 0; done < length; done += SECTOR_BYTES) {
                byte[] sector = new byte[SECTOR_BYTES];
                file.readFully(sector);
                sectors.add(sector);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sectors;
    }

    private synchronized @Nullable Long synchronize(Object[] arguments) {
        if (!descriptors.containsKey((int) arguments[0])) {
            return null;
        }
        if (!powered) {
            return (long) -Errno.EIO;
        }
        versions.clear();
        return 0L;
    }

    /**
     * The power goes: from now on every write and flush fails.
     *
     * @return how many sectors have lost what was written to them last
     */
    synchronized int cutPower() {
        powered = false;
        int lost = 0;
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            for (Map.Entry<Long, List<byte[]>> sector : versions.entrySet()) {
                List<byte[]> known = sector.getValue();
                int version = random.nextInt(known.size());
                if (version < known.size() - 1) {
                    file.seek(sector.getKey() * SECTOR_BYTES);
                    file.write(known.get(version));
                    lost++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        versions.clear();
        return lost;
    }

    /** The power is back, and what is in the image is what the medium held. */
    synchronized void restorePower() {
        powered = true;
    }
}
