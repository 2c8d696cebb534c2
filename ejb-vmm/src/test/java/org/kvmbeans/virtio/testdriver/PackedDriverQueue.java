package org.kvmbeans.virtio.testdriver;

import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.Posix;

/** The driver's side of a packed virtqueue. */
public final class PackedDriverQueue extends DriverQueue {
    /** VIRTQ_DESC_F_AVAIL. */
    public static final int AVAILABLE = 1 << 7;
    /** VIRTQ_DESC_F_USED. */
    public static final int USED = 1 << 15;

    private static final int MASK = 0xFFFF;

    private record Out(int id, int entries, long writableBytes) {}

    private final Deque<Integer> freeIds = new ArrayDeque<>();
    private final Deque<Out> out = new ArrayDeque<>();
    private int room;
    private int next;
    private boolean wrap = true;
    private int nextUsed;
    private boolean usedWrap = true;

    /** The first descriptor since the last publish, whose flags are written last; -1 for none. */
    private int firstUnpublished = -1;

    private int firstFlags;
    private int entriesSinceKick;

    private int batch;
    private long batchWritten;

    PackedDriverQueue(Posix posix, GuestMemory memory, Arena arena, RingPlace place, long features) {
        super(posix, memory, arena, place, features);
        room = size;
        for (int i = 0; i < size; i++) {
            freeIds.add(i);
        }
    }

    @Override
    public int room() {
        return room;
    }

    @Override
    public int add(List<Segment> segments) {
        int id = takeId(segments.size());
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            int flags = (segment.deviceWrites() ? WRITE : 0) | (i == segments.size() - 1 ? 0 : NEXT);
            putNext(segment.gpa(), segment.lengthBytes(), id, flags);
        }
        out.add(new Out(id, segments.size(), writableBytes(segments)));
        return id;
    }

    @Override
    int addOne(long gpa, long lengthBytes, int flags, long writableBytes) {
        int id = takeId(1);
        putNext(gpa, lengthBytes, id, flags);
        out.add(new Out(id, 1, writableBytes));
        return id;
    }

    @Override
    void putTableEntry(long tableGpa, int entry, Segment segment, boolean last) {
        putDescriptor(tableGpa, entry, segment.gpa(), segment.lengthBytes(), segment.deviceWrites() ? WRITE : 0, 0);
    }

    private int takeId(int entries) {
        if (entries > room) {
            throw new IllegalStateException(entries + " descriptors needed, " + room + " free");
        }
        room -= entries;
        // The id used longest ago: ids then differ from positions, as the standard allows.
        return freeIds.remove();
    }

    /** Puts a descriptor at the next position, whatever is there; the flags for available and used are added. */
    public void putNext(long gpa, long length, int id, int flags) {
        int all = flags | (wrap ? AVAILABLE : USED);
        long at = setup().descriptorGpa() + (long) next * DESCRIPTOR_BYTES;
        memory.putLong(at, gpa);
        memory.putInt(at + 8, (int) length);
        memory.putShort(at + 12, (short) id);
        if (firstUnpublished < 0) {
            firstUnpublished = next;
            firstFlags = all;
        } else {
            memory.putShort(at + 14, (short) all);
        }
        entriesSinceKick++;
        next++;
        if (next == size) {
            next = 0;
            wrap = !wrap;
        }
    }

    @Override
    public void publish() {
        if (firstUnpublished < 0) {
            return;
        }
        VarHandle.releaseFence();
        memory.putShort(setup().descriptorGpa() + (long) firstUnpublished * DESCRIPTOR_BYTES + 14, (short) firstFlags);
        firstUnpublished = -1;
    }

    @Override
    boolean wantsKick() {
        VarHandle.fullFence();
        int entries = entriesSinceKick;
        entriesSinceKick = 0;
        int event = memory.getInt(setup().deviceGpa());
        int flags = event >>> 16 & 3;
        if (flags != 2) {
            return flags == 0;
        }
        boolean thisLap = ((event & 0x8000) != 0) == wrap;
        int position = (event & 0x7FFF) - (thisLap ? 0 : size);
        return position >= next - entries && position < next;
    }

    @Override
    public @Nullable Used poll() {
        if (batch > 0) {
            return nextOfBatch();
        }
        long at = setup().descriptorGpa() + (long) nextUsed * DESCRIPTOR_BYTES;
        if (!isUsed(memory.getShort(at + 14))) {
            return null;
        }
        VarHandle.acquireFence();
        int id = memory.getShort(at + 12) & MASK;
        boolean wrote = (memory.getShort(at + 14) & WRITE) != 0;
        long written = wrote ? memory.getInt(at + 8) & 0xFFFF_FFFFL : 0;
        if (inOrder) {
            batch = 1;
            batchWritten = written;
            for (Out each : out) {
                if (each.id == id) {
                    return nextOfBatch();
                }
                batch++;
            }
            throw new AssertionError("buffer " + id + " used, which is not out");
        }
        for (Out each : out) {
            if (each.id == id) {
                giveBack(each);
                return new Used(id, written);
            }
        }
        throw new AssertionError("buffer " + id + " used, which is not out");
    }

    private Used nextOfBatch() {
        Out each = out.element();
        batch--;
        giveBack(each);
        return new Used(each.id, batch == 0 ? batchWritten : each.writableBytes);
    }

    private void giveBack(Out each) {
        out.remove(each);
        freeIds.add(each.id);
        room += each.entries;
        nextUsed += each.entries;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    private boolean isUsed(int flags) {
        return ((flags & AVAILABLE) != 0) == usedWrap && ((flags & USED) != 0) == usedWrap;
    }

    @Override
    public void disableInterrupts() {
        putDriverEvent(0, 1);
    }

    @Override
    public boolean enableInterrupts() {
        putDriverEvent(nextUsed | (usedWrap ? 0x8000 : 0), eventIndex ? 2 : 0);
        VarHandle.fullFence();
        return isUsed(memory.getShort(setup().descriptorGpa() + (long) nextUsed * DESCRIPTOR_BYTES + 14));
    }

    /** Writes the driver's event suppression. */
    public void putDriverEvent(int positionAndWrap, int flags) {
        memory.putInt(setup().driverGpa(), positionAndWrap | flags << 16);
    }

    /** The position of the next buffer to be used. */
    public int usedPosition() {
        return nextUsed;
    }

    /** The wrap counter at {@link #usedPosition}. */
    public boolean usedWrap() {
        return usedWrap;
    }
}
