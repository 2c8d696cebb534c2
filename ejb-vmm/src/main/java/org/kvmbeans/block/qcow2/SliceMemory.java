package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Aligned memory of one slice.
 *
 * @param slab what it is a part of
 * @param position where in that
 * @param bytes its bytes, big-endian
 */
record SliceMemory(NativeStruct slab, int position, ByteBuffer bytes) {
    private static final int ALIGNMENT = 4096;

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
                    idle.add(new SliceMemory(
                            slab, at, slab.buffer().slice(at, sliceBytes).order(ByteOrder.BIG_ENDIAN)));
                }
            }
            return idle.pop();
        }

        void give(SliceMemory memory) {
            idle.push(memory);
        }
    }
}
