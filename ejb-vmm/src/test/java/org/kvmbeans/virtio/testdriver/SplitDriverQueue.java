package org.kvmbeans.virtio.testdriver;

import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.Posix;

/** The driver's side of a split virtqueue. */
public final class SplitDriverQueue extends DriverQueue {
    private static final int MASK = 0xFFFF;

    private final Deque<Integer> free = new ArrayDeque<>();
    private final int[] chainLength;
    private final long[] chainWritable;
    private final Deque<Integer> submitted = new ArrayDeque<>();
    private int available;
    private int kicked;
    private int used;
    /** In order: buffers that the last used element stood for. */
    private int batch;

    private int batchEnd;
    private long batchWritten;

    SplitDriverQueue(Posix posix, GuestMemory memory, Arena arena, RingPlace place, long features) {
        super(posix, memory, arena, place, features);
        chainLength = new int[size];
        chainWritable = new long[size];
        for (int i = 0; i < size; i++) {
            free.add(i);
        }
    }

    @Override
    public int room() {
        return free.size();
    }

    @Override
    public int add(List<Segment> segments) {
        int[] indexes = take(segments.size(), writableBytes(segments));
        for (int i = 0; i < indexes.length; i++) {
            Segment segment = segments.get(i);
            boolean last = i == indexes.length - 1;
            int flags = (segment.deviceWrites() ? WRITE : 0) | (last ? 0 : NEXT);
            putDescriptor(
                    setup().descriptorGpa(),
                    indexes[i],
                    segment.gpa(),
                    segment.lengthBytes(),
                    flags,
                    last ? 0 : indexes[i + 1]);
        }
        offer(indexes[0]);
        return indexes[0];
    }

    @Override
    int addOne(long gpa, long lengthBytes, int flags, long writableBytes) {
        int index = take(1, writableBytes)[0];
        putDescriptor(setup().descriptorGpa(), index, gpa, lengthBytes, flags, 0);
        offer(index);
        return index;
    }

    @Override
    void putTableEntry(long tableGpa, int entry, Segment segment, boolean last) {
        int flags = (segment.deviceWrites() ? WRITE : 0) | (last ? 0 : NEXT);
        putDescriptor(tableGpa, entry, segment.gpa(), segment.lengthBytes(), flags, last ? 0 : entry + 1);
    }

    private int[] take(int count, long writableBytes) {
        if (count > free.size()) {
            throw new IllegalStateException(count + " descriptors needed, " + free.size() + " free");
        }
        int[] indexes = new int[count];
        for (int i = 0; i < count; i++) {
            indexes[i] = free.remove();
        }
        chainLength[indexes[0]] = count;
        chainWritable[indexes[0]] = writableBytes;
        return indexes;
    }

    private void offer(int head) {
        offerRaw(head);
        submitted.add(head);
    }

    /** Puts any head into the next entry of the available ring. */
    public void offerRaw(int head) {
        memory.putShort(setup().driverGpa() + 4 + 2L * (available & (size - 1)), (short) head);
        available = (available + 1) & MASK;
    }

    @Override
    public void publish() {
        VarHandle.releaseFence();
        putAvailableIndex(available);
    }

    /** Writes any available index. */
    public void putAvailableIndex(int index) {
        memory.putShort(setup().driverGpa() + 2, (short) index);
    }

    @Override
    boolean wantsKick() {
        VarHandle.fullFence();
        int before = kicked;
        kicked = available;
        if (eventIndex) {
            int event = memory.getShort(setup().deviceGpa() + 4 + 8L * size) & MASK;
            return ((available - event - 1) & MASK) < ((available - before) & MASK);
        }
        return (memory.getShort(setup().deviceGpa()) & 1) == 0;
    }

    @Override
    public @Nullable Used poll() {
        if (batch > 0) {
            return nextOfBatch();
        }
        int shown = memory.getShort(setup().deviceGpa() + 2) & MASK;
        if (shown == used) {
            return null;
        }
        VarHandle.acquireFence();
        long at = setup().deviceGpa() + 4 + 8L * (used & (size - 1));
        int id = memory.getInt(at);
        long written = memory.getInt(at + 4) & 0xFFFF_FFFFL;
        if (inOrder) {
            batchEnd = id;
            batchWritten = written;
            batch = 1;
            for (int head : submitted) {
                if (head == id) {
                    return nextOfBatch();
                }
                batch++;
            }
            throw new AssertionError("buffer " + id + " used, which is not out");
        }
        used = (used + 1) & MASK;
        giveBack(id);
        return new Used(id, written);
    }

    /** In order, one element may stand for several buffers; those before the last were used completely. */
    private Used nextOfBatch() {
        int id = submitted.element();
        long written = id == batchEnd ? batchWritten : chainWritable[id];
        batch--;
        used = (used + 1) & MASK;
        giveBack(id);
        return new Used(id, written);
    }

    private void giveBack(int head) {
        if (!submitted.remove((Integer) head)) {
            throw new AssertionError("buffer " + head + " used, which is not out");
        }
        int index = head;
        for (int i = 0; i < chainLength[head]; i++) {
            free.add(index);
            index = memory.getShort(setup().descriptorGpa() + (long) index * DESCRIPTOR_BYTES + 14) & MASK;
        }
    }

    @Override
    public void disableInterrupts() {
        if (!eventIndex) {
            memory.putShort(setup().driverGpa(), (short) 1);
        }
    }

    @Override
    public boolean enableInterrupts() {
        if (eventIndex) {
            putUsedEvent(used);
        } else {
            memory.putShort(setup().driverGpa(), (short) 0);
        }
        VarHandle.fullFence();
        return (memory.getShort(setup().deviceGpa() + 2) & MASK) != used;
    }

    /** Asks for an interrupt when the used index passes {@code index}. */
    public void putUsedEvent(int index) {
        memory.putShort(setup().driverGpa() + 4 + 2L * size, (short) index);
    }

    /** The index of the next buffer to be used. */
    public int usedIndex() {
        return used;
    }
}
