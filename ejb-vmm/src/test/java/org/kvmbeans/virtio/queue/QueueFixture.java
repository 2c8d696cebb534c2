package org.kvmbeans.virtio.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.testdriver.Arena;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.DriverQueue.RingPlace;
import org.kvmbeans.virtio.testdriver.PackedDriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.SplitDriverQueue;

/** Both sides of one queue in one thread, without a device or an event loop. */
final class QueueFixture implements AutoCloseable {
    static final long MIB = 1L << 20;
    static final long GIB = 1L << 30;

    private final GuestMemory memory;
    private final Arena arena;
    private final DriverQueue driver;
    private final VirtQueue queue;

    QueueFixture(Ring ring, int size) {
        this(ring.features(), size, MIB, UnaryOperator.identity());
    }

    /** @param place lays the ring elsewhere */
    QueueFixture(long features, int size, long memoryBytes, UnaryOperator<RingPlace> place) {
        JnaPosix posix = new JnaPosix();
        memory = GuestMemory.allocate(posix, "queue-fixture", memoryBytes);
        arena = new Arena(memory, 0x1000, Math.min(memoryBytes, GIB) - 0x1000);
        RingPlace usual = DriverQueue.place(memory, arena, 0, size);
        driver = DriverQueue.at(posix, memory, arena, place.apply(usual), features);
        try {
            queue = VirtQueues.open(context(memory, features), driver.setup());
        } catch (VirtQueueException e) {
            close();
            throw e;
        }
    }

    static DeviceContext context(GuestMemory memory, long features) {
        return new DeviceContext() {
            @Override
            public GuestMemory memory() {
                return memory;
            }

            @Override
            public long features() {
                return features;
            }

            @Override
            public @Nullable QueueSetup queue(int index) {
                return null;
            }

            @Override
            public void configChanged() {}

            @Override
            public void needsReset(String why) {}
        };
    }

    GuestMemory memory() {
        return memory;
    }

    Arena arena() {
        return arena;
    }

    DriverQueue driver() {
        return driver;
    }

    SplitDriverQueue split() {
        return (SplitDriverQueue) driver;
    }

    PackedDriverQueue packed() {
        return (PackedDriverQueue) driver;
    }

    VirtQueue queue() {
        return queue;
    }

    /** Makes a chain of one segment of 16 bytes available, written by the device. */
    int offer() {
        int id = driver.add(List.of(writable(16)));
        driver.publish();
        return id;
    }

    Segment readable(int bytes) {
        return Segment.readable(arena.allocate(bytes), bytes);
    }

    Segment writable(int bytes) {
        return Segment.writable(arena.allocate(bytes), bytes);
    }

    DescriptorChain pop() {
        return Objects.requireNonNull(queue.pop(), "a chain is available");
    }

    List<DescriptorChain> pop(int count) {
        List<DescriptorChain> chains = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            chains.add(pop());
        }
        return chains;
    }

    /** All of the guest's memory, which is to be small. */
    byte[] everything() {
        return arena.load(0, Math.toIntExact(memory.sizeBytes()));
    }

    @Override
    public void close() {
        driver.close();
        memory.close();
    }
}
