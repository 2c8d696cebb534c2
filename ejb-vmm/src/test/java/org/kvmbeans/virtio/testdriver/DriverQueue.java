package org.kvmbeans.virtio.testdriver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.QueueInterrupt;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/**
 * A virtqueue from the driver's side, split or packed: an independent implementation, for tests.
 *
 * <p>The usual way is {@link #request}. In parts: {@link #add} or {@link #addIndirect} as often as wanted, {@link #publish},
 * {@link #kick}, {@link #poll} or {@link #await}. Addresses of the ring's parts and raw descriptors serve hostile tests. Used
 * by one thread at a time.
 */
public abstract class DriverQueue implements AutoCloseable {
    /** VIRTQ_DESC_F_NEXT. */
    public static final int NEXT = 1;
    /** VIRTQ_DESC_F_WRITE. */
    public static final int WRITE = 2;
    /** VIRTQ_DESC_F_INDIRECT. */
    public static final int INDIRECT = 4;

    static final int DESCRIPTOR_BYTES = 16;
    private static final int PAGE = 4096;

    final GuestMemory memory;
    final int size;
    final boolean eventIndex;
    final boolean inOrder;
    private final Arena arena;
    private final int index;
    private final EventFd kick;
    private final EventFd interrupt;
    private final QueueSetup setup;

    DriverQueue(Posix posix, GuestMemory memory, Arena arena, RingPlace place, long features) {
        this.memory = memory;
        this.arena = arena;
        this.index = place.index();
        this.size = place.size();
        this.eventIndex = (features & VirtioFeatures.EVENT_INDEX) != 0;
        this.inOrder = (features & VirtioFeatures.IN_ORDER) != 0;
        kick = EventFd.create(posix);
        interrupt = EventFd.create(posix);
        setup = new QueueSetup(
                index, size, place.descriptorGpa(), place.driverGpa(), place.deviceGpa(), kick, new QueueInterrupt() {
                    @Override
                    public void signal() {
                        interrupt.signal();
                    }

                    @Override
                    public int eventFd() {
                        return interrupt.number();
                    }
                });
    }

    /** Where the parts of a ring lie. */
    public record RingPlace(int index, int size, long descriptorGpa, long driverGpa, long deviceGpa) {}

    /** Memory for a ring of either format, zero. */
    public static RingPlace place(GuestMemory memory, Arena arena, int index, int size) {
        long descriptors = arena.allocate((long) DESCRIPTOR_BYTES * size, PAGE);
        long driver = arena.allocate(6 + 2L * size, PAGE);
        long device = arena.allocate(6 + 8L * size, PAGE);
        arena.keep();
        clear(memory, descriptors, DESCRIPTOR_BYTES * size);
        clear(memory, driver, 6 + 2 * size);
        clear(memory, device, 6 + 8 * size);
        return new RingPlace(index, size, descriptors, driver, device);
    }

    /** Makes a queue with its ring in the arena, in the format that {@code features} say. */
    public static DriverQueue create(Posix posix, GuestMemory memory, Arena arena, int index, int size, long features) {
        return at(posix, memory, arena, place(memory, arena, index, size), features);
    }

    /** Makes a queue whose ring lies where a test wants it; the memory there is zero. */
    public static DriverQueue at(Posix posix, GuestMemory memory, Arena arena, RingPlace place, long features) {
        return (features & VirtioFeatures.PACKED_RING) != 0
                ? new PackedDriverQueue(posix, memory, arena, place, features)
                : new SplitDriverQueue(posix, memory, arena, place, features);
    }

    private static void clear(GuestMemory memory, long gpa, int bytes) {
        memory.write(gpa, new byte[bytes], 0, bytes);
    }

    /** What the device is told of the queue. */
    public final QueueSetup setup() {
        return setup;
    }

    public final int size() {
        return size;
    }

    /**
     * Adds a chain of one descriptor for each segment; the device sees it at the next {@link #publish}.
     *
     * @return its id, which {@link Used} has
     * @throws IllegalStateException where the ring has no room
     */
    public abstract int add(List<Segment> segments);

    /** Adds a chain as an indirect table. */
    public final int addIndirect(List<Segment> segments) {
        long table = arena.allocate((long) segments.size() * DESCRIPTOR_BYTES);
        for (int i = 0; i < segments.size(); i++) {
            boolean last = i == segments.size() - 1;
            putTableEntry(table, i, segments.get(i), last);
        }
        return addOne(table, segments.size() * (long) DESCRIPTOR_BYTES, INDIRECT, writableBytes(segments));
    }

    /** Adds one descriptor with the flags given: for what no driver does. */
    public final int addRaw(long gpa, long lengthBytes, int flags) {
        return addOne(gpa, lengthBytes, flags, 0);
    }

    abstract int addOne(long gpa, long lengthBytes, int flags, long writableBytes);

    static long writableBytes(List<Segment> segments) {
        return segments.stream()
                .filter(Segment::deviceWrites)
                .mapToLong(Segment::lengthBytes)
                .sum();
    }

    abstract void putTableEntry(long tableGpa, int entry, Segment segment, boolean last);

    /** Writes a descriptor: in the ring's table for {@code tableGpa} = {@code setup().descriptorGpa()}, or in an indirect one. */
    public final void putDescriptor(long tableGpa, int entry, long gpa, long length, int flags, int nextOrId) {
        long at = tableGpa + (long) entry * DESCRIPTOR_BYTES;
        memory.putLong(at, gpa);
        memory.putInt(at + 8, (int) length);
        boolean packed = this instanceof PackedDriverQueue;
        memory.putShort(at + 12, (short) (packed ? nextOrId : flags));
        memory.putShort(at + 14, (short) (packed ? flags : nextOrId));
    }

    /** How many descriptors can be added without {@link #poll}. */
    public abstract int room();

    /** Shows the device what was added. */
    public abstract void publish();

    /** Notifies the device where it asks to be; returns whether it was. */
    public final boolean kick() {
        if (!wantsKick()) {
            return false;
        }
        kickAnyway();
        return true;
    }

    /** Notifies the device. */
    public final void kickAnyway() {
        kick.signal();
    }

    /** Whether the device wants to hear of what was published since this was asked last. */
    abstract boolean wantsKick();

    /** The next buffer that the device gave back; null where there is none. */
    public abstract @Nullable Used poll();

    /** Waits for the next buffer that the device gives back. */
    public final Used await() {
        return Await.value("queue " + index + " gives a buffer back", this::poll);
    }

    /** Asks for no interrupts. */
    public abstract void disableInterrupts();

    /** Asks for interrupts, from the next buffer on; returns whether there is one already. */
    public abstract boolean enableInterrupts();

    /** How often the device interrupted since this was asked last. */
    public final long interrupts() {
        return interrupt.take();
    }

    /** Waits for an interrupt. */
    public final void awaitInterrupt() {
        Await.until("an interrupt of queue " + index, () -> interrupts() > 0);
    }

    /** Adds a chain, publishes it and notifies. */
    public final int submit(List<Segment> segments) {
        int id = add(segments);
        publish();
        kick();
        return id;
    }

    /** Segments for a request: its bytes, and room for an answer; either is left out where it is empty. */
    public final List<Segment> segments(byte[] readable, int writableBytes) {
        List<Segment> segments = new ArrayList<>();
        if (readable.length > 0) {
            segments.add(Segment.readable(arena.store(readable), readable.length));
        }
        if (writableBytes > 0) {
            long gpa = arena.allocate(writableBytes);
            clear(memory, gpa, writableBytes);
            segments.add(Segment.writable(gpa, writableBytes));
        }
        return segments;
    }

    /**
     * Makes one request and waits until it is completed. No other may be out at this queue.
     *
     * @return the bytes that the device says it wrote, from the start of the room it was given
     */
    public final byte[] request(byte[] readable, int writableBytes) {
        List<Segment> segments = segments(readable, writableBytes);
        int id = submit(segments);
        Used used = await();
        if (used.id() != id) {
            throw new AssertionError("buffer " + id + " was expected and not " + used);
        }
        return written(segments, used);
    }

    /** What the device wrote to a chain. */
    public final byte[] written(List<Segment> segments, Used used) {
        byte[] bytes = new byte[Math.toIntExact(used.writtenBytes())];
        int done = 0;
        for (Segment segment : segments) {
            if (segment.deviceWrites() && done < bytes.length) {
                int part = (int) Math.min(segment.lengthBytes(), bytes.length - done);
                memory.read(segment.gpa(), bytes, done, part);
                done += part;
            }
        }
        return Arrays.copyOf(bytes, done);
    }

    @Override
    public void close() {
        kick.close();
        interrupt.close();
    }
}
