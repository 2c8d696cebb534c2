package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** Aligned memory of one slice. Two are the same only where they are one object: the bytes say nothing of that. */
final class SliceMemory {
    private static final int ALIGNMENT = 4096;

    private final NativeStruct slab;
    private final int position;
    private final ByteBuffer bytes;

    /** @param position where in the slab it begins */
    private SliceMemory(NativeStruct slab, int position, int length) {
        this.slab = slab;
        this.position = position;
        this.bytes = slab.buffer().slice(position, length).order(ByteOrder.BIG_ENDIAN);
    }

    /** Its bytes, big-endian. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Adds it to a request. */
    void addTo(IoVector vector) {
        vector.add(slab.buffer(), slab.address(), position, bytes.capacity());
    }

    /** Memory of slices of one size: made many at a time, and kept for further use. Guarded by whoever owns it. */
    static final class Pool {
        private static final int SLAB_BYTES = 128 << 10;

        private final Posix posix;
        private final int sliceBytes;
        private final ArrayDeque<SliceMemory> idle = new ArrayDeque<>();

        Pool(Posix posix, int sliceBytes) {
            this.posix = posix;
            this.sliceBytes = sliceBytes;
        }

        SliceMemory take() {
            if (idle.isEmpty()) {
                NativeStruct slab = new NativeStruct(posix, SLAB_BYTES + ALIGNMENT);
                int start = (int) (-slab.address() & (ALIGNMENT - 1));
                for (int at = start; at + sliceBytes <= start + SLAB_BYTES; at += sliceBytes) {
                    idle.add(new SliceMemory(slab, at, sliceBytes));
                }
            }
            return idle.pop();
        }

        void give(SliceMemory memory) {
            idle.push(memory);
        }
    }
}
