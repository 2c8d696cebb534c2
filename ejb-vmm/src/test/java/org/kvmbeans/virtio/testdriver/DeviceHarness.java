package org.kvmbeans.virtio.testdriver;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.DriverQueue.RingPlace;

/**
 * Runs a device as a transport and a driver would: guest memory, a {@link DriverQueue} for each of its queues, and a
 * {@link DeviceContext} that records what the device says.
 *
 * <pre>{@code
 * try (DeviceHarness harness = DeviceHarness.of(device).packed().start()) {
 *     byte[] answer = harness.queue(0).request(new byte[] {1, 2}, 512);
 * }
 * }</pre>
 *
 * <p>{@link #close} stops and closes the device, and fails where a thread started since {@link Builder#start} is left. Used
 * by one thread.
 */
public final class DeviceHarness implements AutoCloseable {
    /** Threads that the JVM and its libraries start for themselves. */
    private static final List<String> OTHERS =
            List.of("kvmbeans-unmap", "ForkJoinPool.commonPool", "Attach Listener", "process reaper", "Common-Cleaner");

    private static final long LOWEST_GPA = 0x1000;

    private final JnaPosix posix = new JnaPosix();
    private final VirtioDevice device;
    private final GuestMemory memory;
    private final Arena arena;
    private final long features;
    private final int maxQueueSize;
    private final Map<Integer, UnaryOperator<RingPlace>> places;
    private final Set<Thread> threadsBefore;
    private final List<DriverQueue> queues = new ArrayList<>();
    private final List<String> resets = new CopyOnWriteArrayList<>();
    private final AtomicInteger configChanges = new AtomicInteger();

    private DeviceHarness(Builder builder) {
        device = builder.device;
        features = builder.features;
        maxQueueSize = builder.queueSize;
        places = Map.copyOf(builder.places);
        threadsBefore = liveThreads();
        memory = GuestMemory.allocate(posix, "device-harness", builder.memoryBytes);
        arena = new Arena(memory, LOWEST_GPA, builder.memoryBytes);
    }

    /** Prepares a harness: by default 16 MiB, queues of at most 256 entries, split, with all else that the device offers. */
    public static Builder of(VirtioDevice device) {
        return new Builder(device);
    }

    /** Starts a device with the defaults. */
    public static DeviceHarness start(VirtioDevice device) {
        return of(device).start();
    }

    /** How a device is to be run. */
    public static final class Builder {
        private final VirtioDevice device;
        private long features;
        private long memoryBytes = 16L << 20;
        private int queueSize = 256;
        private final Map<Integer, UnaryOperator<RingPlace>> places = new HashMap<>();

        private Builder(VirtioDevice device) {
            this.device = device;
            this.features = device.features() & ~VirtioFeatures.PACKED_RING;
        }

        /** Negotiates exactly these of the features that the device offers. */
        public Builder features(long accepted) {
            this.features = accepted & device.features();
            return this;
        }

        /** Does not accept these. */
        public Builder without(long refused) {
            this.features &= ~refused;
            return this;
        }

        /** Packed queues. */
        public Builder packed() {
            this.features |= VirtioFeatures.PACKED_RING;
            return this;
        }

        /** Packed queues or split ones. */
        public Builder packed(boolean packed) {
            return packed ? packed() : without(VirtioFeatures.PACKED_RING);
        }

        public Builder memoryBytes(long bytes) {
            this.memoryBytes = bytes;
            return this;
        }

        /** No queue is larger than this. */
        public Builder queueSize(int entries) {
            this.queueSize = entries;
            return this;
        }

        /** Lays the ring of a queue elsewhere: memory there must be zero, or no memory at all. */
        public Builder ring(int index, UnaryOperator<RingPlace> place) {
            this.places.put(index, place);
            return this;
        }

        /** Makes the queues and starts the device. */
        public DeviceHarness start() {
            DeviceHarness harness = new DeviceHarness(this);
            try {
                harness.startDevice();
            } catch (RuntimeException | Error e) {
                harness.release();
                throw e;
            }
            return harness;
        }
    }

    private void startDevice() {
        int[] sizes = device.queueSizes();
        for (int i = 0; i < sizes.length; i++) {
            RingPlace usual = DriverQueue.place(memory, arena, i, Math.min(maxQueueSize, sizes[i]));
            RingPlace place = places.getOrDefault(i, UnaryOperator.identity()).apply(usual);
            queues.add(DriverQueue.at(posix, memory, arena, place, features));
        }
        device.start(new Context());
    }

    /** Resets the device as a driver does and starts it again with fresh queues; what was recorded stays. */
    public void restart() {
        device.stop();
        closeQueues();
        startDevice();
    }

    /** Stops the device; {@link #restart} starts it again. */
    public void stop() {
        device.stop();
    }

    public VirtioDevice device() {
        return device;
    }

    public DriverQueue queue(int index) {
        return queues.get(index);
    }

    public GuestMemory memory() {
        return memory;
    }

    /** Memory for buffers. */
    public Arena arena() {
        return arena;
    }

    public JnaPosix posix() {
        return posix;
    }

    /** The features that were negotiated. */
    public long features() {
        return features;
    }

    /** Why the device asked for resets, oldest first. */
    public List<String> resets() {
        return Collections.unmodifiableList(resets);
    }

    /** Waits until the device has asked for a reset; its first reason. */
    public String awaitReset() {
        Await.until("the device asks for a reset", () -> !resets.isEmpty());
        return resets.get(0);
    }

    /** How often the device said that its configuration changed. */
    public int configChanges() {
        return configChanges.get();
    }

    /** Waits until the device has said {@code count} times or more that its configuration changed. */
    public void awaitConfigChanges(int count) {
        Await.until(count + " configuration changes", () -> configChanges.get() >= count);
    }

    /** Waits for a condition, with a deadline. */
    public void await(String what, BooleanSupplier condition) {
        Await.until(what, condition);
    }

    /** Bytes of the configuration space. */
    public byte[] config(int offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) device.readConfig(offset + i, 1);
        }
        return bytes;
    }

    @Override
    public void close() {
        try {
            device.stop();
            device.close();
            Await.until(
                    "the device's threads end: " + leftThreads(),
                    () -> leftThreads().isEmpty());
        } finally {
            release();
        }
    }

    private void release() {
        closeQueues();
        memory.close();
    }

    private void closeQueues() {
        queues.forEach(DriverQueue::close);
        queues.clear();
    }

    private List<String> leftThreads() {
        Set<Thread> left = liveThreads();
        left.removeAll(threadsBefore);
        return left.stream()
                .map(Thread::getName)
                .filter(name -> OTHERS.stream().noneMatch(name::startsWith))
                .toList();
    }

    private static Set<Thread> liveThreads() {
        return new HashSet<>(Thread.getAllStackTraces().keySet());
    }

    private final class Context implements DeviceContext {
        private final List<DriverQueue> own = List.copyOf(queues);

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
            return index < own.size() ? own.get(index).setup() : null;
        }

        @Override
        public void configChanged() {
            configChanges.incrementAndGet();
        }

        @Override
        public void needsReset(String why) {
            resets.add(why);
        }
    }
}
