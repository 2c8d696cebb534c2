package org.kvmbeans.virtio.balloon;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.GuestBuffers;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/**
 * The memory balloon (virtio 1.2, 5.5): asks the guest for pages, gives them to the host, and takes back at once what the
 * guest reports to be free.
 *
 * <p>Pages that the guest takes out of the balloon are zero and are backed again when it touches them; nothing has to be
 * done for them. All queues are served on the loop's thread. A guest whose memory is pinned for a device that is passed
 * through (VFIO) must have no balloon: the device would go on with pages that are no longer the guest's.
 */
public final class VirtioBalloon implements VirtioDevice {
    /** The device id: virtio 1.2, 5. */
    public static final int TYPE = 5;

    /** How many queues it has, and so how many {@link QueueCounters} it takes. */
    public static final int QUEUES = 5;

    /** VIRTIO_BALLOON_F_STATS_VQ: there is a queue for statistics. */
    public static final long STATISTICS_QUEUE = 1L << 1;
    /** VIRTIO_BALLOON_F_DEFLATE_ON_OOM: a guest that runs out of memory may take pages back unasked. */
    public static final long DEFLATE_ON_OOM = 1L << 2;
    /** VIRTIO_BALLOON_F_PAGE_POISON: the guest says what it fills free pages with. */
    public static final long PAGE_POISON = 1L << 4;
    /** VIRTIO_BALLOON_F_PAGE_REPORTING: the guest reports free pages. */
    public static final long PAGE_REPORTING = 1L << 5;

    /** The shortest period of statistics, milliseconds. */
    public static final long MIN_STATISTICS_MILLIS = 100;
    /** The longest period of statistics, milliseconds: a day. */
    public static final long MAX_STATISTICS_MILLIS = 86_400_000;

    private static final int QUEUE_SIZE = 128;
    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;
    private static final int STATISTICS = 2;

    private final EventLoop loop;
    private final long guestBytes;
    private final List<QueueCounters> queueCounters;
    private final BalloonCounters counters;
    private final BalloonConfig config = new BalloonConfig();
    private final StatisticsQueue statistics;
    /** Used by the loop's thread. */
    private final PageFrames frames = new PageFrames();

    /** Written by start and stop, of which one runs at a time. */
    private final List<ServedQueue> queues = new ArrayList<>();

    private volatile @Nullable DeviceContext started;

    /**
     * Makes an empty balloon.
     *
     * @param loop serves the queues; stays the caller's, and open until this device is closed
     * @param guestBytes RAM of the guest, the most that the balloon can be asked to hold
     * @param queueCounters one for each of {@link #QUEUES} queues
     * @param counters of the balloon
     */
    public VirtioBalloon(EventLoop loop, long guestBytes, List<QueueCounters> queueCounters, BalloonCounters counters) {
        if (queueCounters.size() != QUEUES) {
            throw new IllegalArgumentException(queueCounters.size() + " queue counters; give " + QUEUES);
        }
        this.loop = loop;
        this.guestBytes = guestBytes;
        this.queueCounters = List.copyOf(queueCounters);
        this.counters = counters;
        this.statistics = new StatisticsQueue(loop);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return STATISTICS_QUEUE | DEFLATE_ON_OOM | PAGE_POISON | PAGE_REPORTING | VirtioFeatures.RING;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public int configBytes() {
        return BalloonConfig.BYTES;
    }

    @Override
    public long readConfig(int offset, int size) {
        return config.read(offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        config.write(offset, size, value);
    }

    /**
     * Asks the guest to let the balloon hold {@code bytes}, rounded down to a page; it does so in its own time.
     *
     * @param bytes 0 to the guest's RAM
     * @throws IllegalArgumentException where it is more or less
     */
    public void setTargetBytes(long bytes) {
        if (bytes < 0 || bytes > guestBytes) {
            throw new IllegalArgumentException(
                    "balloon of " + bytes + " bytes; give 0 to " + guestBytes + ", the memory of the guest");
        }
        config.setNumPages((int) (bytes / GuestMemory.PAGE_BYTES));
        DeviceContext context = started;
        if (context != null) {
            context.configChanged();
        }
    }

    /** Bytes that the balloon is to hold. */
    public long targetBytes() {
        return config.numPages() * GuestMemory.PAGE_BYTES;
    }

    /** Bytes that the balloon holds by the guest's word; 0 where no driver serves it. */
    public long actualBytes() {
        return Math.min(config.actualPages() * GuestMemory.PAGE_BYTES, guestBytes);
    }

    /** What the guest told last about its memory; null where it has not since it was reset. */
    public @Nullable BalloonStatistics statistics() {
        return statistics.latest();
    }

    /** Asks the guest about its memory; a newer {@link #statistics} follows when it answers. */
    public void requestStatistics() {
        loop.execute(statistics::request);
    }

    /**
     * Asks the guest about its memory from now on every {@code millis}.
     *
     * @param millis {@link #MIN_STATISTICS_MILLIS} to {@link #MAX_STATISTICS_MILLIS}; 0 for never
     * @throws IllegalArgumentException where it is neither
     */
    public void setStatisticsPeriodMillis(long millis) {
        if (millis != 0 && (millis < MIN_STATISTICS_MILLIS || millis > MAX_STATISTICS_MILLIS)) {
            throw new IllegalArgumentException("statistics every " + millis + " ms; give 0, for never, or "
                    + MIN_STATISTICS_MILLIS + " to " + MAX_STATISTICS_MILLIS);
        }
        loop.execute(() -> statistics.requestEvery(millis));
    }

    @Override
    public void start(DeviceContext context) {
        GuestMemory memory = context.memory();
        started = context;
        open(context, INFLATE, (queue, chain) -> inflate(memory, queue, chain));
        open(context, DEFLATE, (queue, chain) -> deflate(memory, queue, chain));
        int next = STATISTICS;
        if (context.has(STATISTICS_QUEUE)) {
            open(context, STATISTICS, statistics);
            next++;
        }
        // The standard gives the reporting queue the number 4 and Linux the first number that is free. No queue of free
        // page
        // hints is offered, so whichever the driver enables is the reporting queue.
        for (int index = next; index < QUEUES; index++) {
            int number = index;
            open(context, index, (queue, chain) -> takeReported(context, number, queue, chain));
        }
    }

    private void open(DeviceContext context, int index, ServedQueue.Server server) {
        QueueSetup setup = context.queue(index);
        if (setup != null) {
            queues.add(ServedQueue.open(context, setup, loop, queueCounters.get(index), server));
        }
    }

    private boolean inflate(GuestMemory memory, ServedQueue queue, DescriptorChain chain) {
        long refused = frames.forEachRun(
                chain.readable(),
                memory,
                (gpa, bytes) -> counters.inflated(discard(memory, gpa, bytes, queueCounters.get(INFLATE))));
        return complete(queue, chain, refused, queueCounters.get(INFLATE));
    }

    private boolean deflate(GuestMemory memory, ServedQueue queue, DescriptorChain chain) {
        long refused = frames.forEachRun(chain.readable(), memory, (gpa, bytes) -> counters.deflated(bytes));
        return complete(queue, chain, refused, queueCounters.get(DEFLATE));
    }

    private boolean complete(ServedQueue queue, DescriptorChain chain, long refused, QueueCounters ofQueue) {
        if (refused > 0) {
            counters.refused(refused);
            ofQueue.failed();
        }
        queue.complete(chain, 0, chain.readable().totalBytes(), 0);
        return true;
    }

    private boolean takeReported(DeviceContext context, int index, ServedQueue queue, DescriptorChain chain) {
        // Pages taken back read as zero; a guest that finds its poison gone would think them corrupt (5.5.6.6).
        boolean mayBeZero = !context.has(PAGE_POISON) || config.poisonValue() == 0;
        if (mayBeZero && context.has(PAGE_REPORTING)) {
            GuestBuffers pages = chain.writable();
            for (int i = 0; i < pages.count(); i++) {
                counters.reported(
                        discard(context.memory(), pages.gpa(i), pages.lengthBytes(i), queueCounters.get(index)));
            }
        }
        queue.complete(chain, 0, 0, 0);
        return true;
    }

    /** Gives pages to the host; bytes that it took. Memory is as before where it takes none: worth counting, no more. */
    private long discard(GuestMemory memory, long gpa, long bytes, QueueCounters ofQueue) {
        try {
            return memory.discard(gpa, bytes);
        } catch (PosixException e) {
            counters.discardFailed();
            ofQueue.failed();
            return 0;
        }
    }

    @Override
    public void stop() {
        started = null;
        loop.runAndWait(() -> {
            queues.forEach(ServedQueue::close);
            statistics.reset();
        });
        queues.clear();
        config.reset();
    }

    @Override
    public void close() {
        setStatisticsPeriodMillis(0);
        stop();
    }
}
