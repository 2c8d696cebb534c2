package org.kvmbeans.virtio.block;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.spi.VirtioDevice;

/**
 * The virtio block device (virtio 1.2, 5.2): a disk image as a disk of the guest. It owns the image and closes it.
 *
 * <p>The management methods may be called from any thread but those that call an {@link ErrorListener}, before, between and
 * after start and stop.
 */
public final class VirtioBlock implements VirtioDevice {
    private static final int TYPE = 2;

    private final Posix posix;
    private final BlockOptions options;
    private final DiskImage image;
    private final RateLimiter limiter;
    private final List<QueueCounters> counters;
    private final BlockCounters operations;
    private final ErrorListener onError;
    private final BlockConfig config;
    private final IoThreads threads;
    /** What the driver chose in the configuration space. */
    private volatile boolean writeBack = true;

    private volatile @Nullable DeviceContext context;
    private List<BlockQueue> queues = List.of();
    private boolean closed;

    /**
     * Makes a disk.
     *
     * @param image what the disk holds; this device closes it
     * @param limiter what requests are held to
     * @param counters one for each queue
     * @param operations counts by operation
     * @param onError hears of requests that the storage could not carry out
     * @throws IllegalArgumentException where options and image, or the number of counters, do not fit
     */
    public VirtioBlock(
            Posix posix,
            BlockOptions options,
            DiskImage image,
            RateLimiter limiter,
            List<QueueCounters> counters,
            BlockCounters operations,
            ErrorListener onError) {
        if (options.blockBytes() < image.geometry().blockBytes()) {
            throw new IllegalArgumentException(options.name() + ": blockBytes is " + options.blockBytes()
                    + ", but the storage has blocks of " + image.geometry().blockBytes() + ": give that");
        }
        if (counters.size() != options.queues()) {
            throw new IllegalArgumentException(
                    options.name() + ": " + counters.size() + " counters for " + options.queues() + " queues");
        }
        this.posix = posix;
        this.options = options;
        this.image = image;
        this.limiter = limiter;
        this.counters = List.copyOf(counters);
        this.operations = operations;
        this.onError = onError;
        config = new BlockConfig(options, image);
        threads = new IoThreads(options.name() + "-io");
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return BlockFeatures.of(options, image);
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[options.queues()];
        Arrays.fill(sizes, options.queueSize());
        return sizes;
    }

    @Override
    public int configBytes() {
        return BlockConfig.BYTES;
    }

    @Override
    public long readConfig(int offset, int size) {
        return config.read(offset, size, writeBack);
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        int shift = (BlockConfig.WRITEBACK_OFFSET - offset) * Byte.SIZE;
        if (offset <= BlockConfig.WRITEBACK_OFFSET && offset + size > BlockConfig.WRITEBACK_OFFSET) {
            writeBack = (value >>> shift & 0xff) != 0;
        }
    }

    @Override
    public synchronized void start(DeviceContext newContext) {
        if (context != null || closed) {
            return;
        }
        context = newContext;
        RequestRules rules = new RequestRules(options, image, newContext.features());
        BlockExecutor executor =
                new BlockExecutor(options, image, operations, () -> writesThrough(newContext.features()));
        BlockQueue.Disk disk = new BlockQueue.Disk(posix, options, rules, executor, threads, limiter, onError);
        List<BlockQueue> started = new ArrayList<>();
        try {
            for (int i = 0; i < options.queues(); i++) {
                QueueSetup setup = newContext.queue(i);
                if (setup != null) {
                    started.add(BlockQueue.start(disk, newContext, setup, counters.get(i)));
                }
            }
        } catch (PosixException e) {
            newContext.needsReset(options.name() + ": the host has no means to serve its queues: " + e.getMessage());
        }
        queues = List.copyOf(started);
    }

    /** A driver that knows nothing of flushes counts on durable writes (virtio 1.2, 5.2.6.2). */
    private boolean writesThrough(long features) {
        return (features & BlockFeatures.CONFIG_WCE) != 0 ? !writeBack : (features & BlockFeatures.FLUSH) == 0;
    }

    @Override
    public synchronized void stop() {
        List<BlockQueue> running = queues;
        queues = List.of();
        running.forEach(BlockQueue::stop);
        context = null;
        writeBack = true;
    }

    /** Stops it, makes the image durable and closes it. Idempotent. */
    @Override
    public synchronized void close() {
        stop();
        if (closed) {
            return;
        }
        closed = true;
        threads.close();
        try (image) {
            image.flush();
        } catch (IOException e) {
            DiskImageException.Kind kind =
                    e instanceof DiskImageException known ? known.kind() : DiskImageException.Kind.IO_ERROR;
            onError.requestFailed(new BlockFailure(
                    BlockOperation.FLUSH, 0, 0, kind, String.valueOf(e.getMessage()), ErrorPolicy.REPORT));
        }
    }

    /**
     * Carries out again the requests that failed and were kept, as {@link ErrorPolicy#STOP} says: after the cause is gone
     * and before the guest goes on. One that fails again is kept again.
     */
    public synchronized void retryFailed() {
        queues.forEach(BlockQueue::retryStopped);
    }

    /**
     * Changes the size of the image, and tells the driver.
     *
     * @param sizeBytes a multiple of the block size, above 0; for a block device, the size that it has been given
     * @throws IllegalArgumentException for another size
     * @throws IOException where the storage refuses
     */
    public void resize(long sizeBytes) throws IOException {
        if (sizeBytes <= 0 || sizeBytes % options.blockBytes() != 0) {
            throw new IllegalArgumentException(options.name() + ": a size of " + sizeBytes
                    + " bytes: give a multiple of " + options.blockBytes() + " above 0");
        }
        image.resize(sizeBytes);
        DeviceContext running = context;
        if (running != null) {
            running.configChanged();
        }
    }

    /** Sets the limits; requests that wait for the old ones are held to the new. */
    public synchronized void limit(RateLimits limits) {
        limiter.limit(limits);
        queues.forEach(BlockQueue::limitsChanged);
    }

    /** Bytes of the disk. */
    public long sizeBytes() {
        return image.sizeBytes();
    }

    /** Bytes that the host's storage has allocated; -1 where it cannot tell. */
    public long allocatedBytes() {
        return image.allocatedBytes();
    }

    /** Whether the guest may only read. */
    public boolean readOnly() {
        return image.readOnly();
    }
}
