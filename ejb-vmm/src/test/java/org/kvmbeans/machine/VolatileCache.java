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
 * Volatile write caches under image files, in between our own code and the kernel: to end a process leaves the host's page
 * cache as it is, but a power cut does not.
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
    private final List<Medium> media;
    private final Random random;
    private final Map<Integer, Descriptor> descriptors = new HashMap<>();
    private boolean powered = true;

    /**
     * What one image may hold.
     *
     * @param versions of each sector that was written since it was durable, which the first of them is
     */
    private record Medium(Path image, Map<Long, List<byte[]>> versions) {}

    /** An open file; durable says whether what is written to it is so at once. */
    private record Descriptor(Medium medium, boolean durable) {}

    VolatileCache(List<Path> images, Random random) {
        this.media =
                images.stream().map(image -> new Medium(image, new TreeMap<>())).toList();
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
        Medium medium = mediumOf((String) arguments[0]);
        if (medium == null) {
            return null;
        }
        int flags = (int) arguments[1];
        int fd = real.open((String) arguments[0], flags);
        if (fd >= 0) {
            descriptors.put(fd, new Descriptor(medium, (flags & Open.DSYNC) == Open.DSYNC));
        }
        return (long) fd;
    }

    /** By its path, or by that of a descriptor of it. */
    private @Nullable Medium mediumOf(String path) {
        for (Medium medium : media) {
            if (path.equals(medium.image().toString())) {
                return medium;
            }
        }
        for (Map.Entry<Integer, Descriptor> open : descriptors.entrySet()) {
            if (path.equals("/proc/self/fd/" + open.getKey())) {
                return open.getValue().medium();
            }
        }
        return null;
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
        Descriptor open = descriptors.get((int) arguments[0]);
        if (open == null) {
            return null;
        }
        if (!powered) {
            return (long) -Errno.EIO;
        }
        Medium medium = open.medium();
        List<byte[]> before = sectors(medium, offset, length);
        long result = call.getAsLong();
        List<byte[]> after = sectors(medium, offset, length);
        for (int i = 0; i < after.size(); i++) {
            long sector = offset / SECTOR_BYTES + i;
            if (open.durable()) {
                medium.versions().remove(sector);
            } else {
                remember(medium, sector, before.get(i), after.get(i));
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
        Descriptor open = descriptors.get(iocb.getInt(IOCB_FD));
        if (open != null && (opcode == IOCB_PWRITE || opcode == IOCB_PWRITEV)) {
            if (!powered || open.durable()) {
                // Nobody could tell when it is durable; pwritev(2), which is asked next, can.
                return (long) -Errno.EINVAL;
            }
            long offset = iocb.getLong(IOCB_OFFSET);
            byte[] source = opcode == IOCB_PWRITE
                    ? copy(iocb.getLong(IOCB_BUFFER), iocb.getLong(IOCB_COUNT))
                    : gather(iocb.getLong(IOCB_BUFFER), (int) iocb.getLong(IOCB_COUNT));
            List<byte[]> before = sectors(open.medium(), offset, source.length);
            for (int i = 0; i < before.size(); i++) {
                byte[] after = Arrays.copyOfRange(source, i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES);
                remember(open.medium(), offset / SECTOR_BYTES + i, before.get(i), after);
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

    private static void remember(Medium medium, long sector, byte[] before, byte[] after) {
        List<byte[]> known = medium.versions().computeIfAbsent(sector, number -> new ArrayList<>());
        if (known.isEmpty()) {
            known.add(before);
        }
        known.add(after);
    }

    private static List<byte[]> sectors(Medium medium, long offset, long length) {
        List<byte[]> sectors = new ArrayList<>();
        try (RandomAccessFile file = new RandomAccessFile(medium.image().toFile(), "r")) {
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
        Descriptor open = descriptors.get((int) arguments[0]);
        if (open == null) {
            return null;
        }
        if (!powered) {
            return (long) -Errno.EIO;
        }
        open.medium().versions().clear();
        return 0L;
    }

    /**
     * The power goes: from now on every write and flush fails.
     *
     * @return how many sectors have lost what was written to them last
     */
    synchronized int cutPower() {
        powered = false;
        return media.stream().mapToInt(this::settle).sum();
    }

    private int settle(Medium medium) {
        int lost = 0;
        try (RandomAccessFile file = new RandomAccessFile(medium.image().toFile(), "rw")) {
            for (Map.Entry<Long, List<byte[]>> sector : medium.versions().entrySet()) {
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
        medium.versions().clear();
        return lost;
    }

    /** The power is back, and what is in the images is what the media held. */
    synchronized void restorePower() {
        powered = true;
    }
}
