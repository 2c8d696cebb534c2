package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A part of an L2 table or refcount block in memory. Belongs to a {@link SliceCache} and is guarded as that is. */
final class Slice {
    final long offset;
    SliceMemory memory;
    boolean dirty;
    /** It is in no cache any more. */
    boolean gone;
    /** What is on its way to the storage: it must not change, so that whoever changes the slice copies it first. */
    @Nullable
    SliceMemory frozen;

    /** Neighbours in order of use, and the next one in the same bucket. */
    @Nullable
    Slice newer;

    @Nullable
    Slice older;

    @Nullable
    Slice nextInBucket;

    Slice(long offset, SliceMemory memory) {
        this.offset = offset;
        this.memory = memory;
    }

    /** To be read alone, big-endian; changed through {@link SliceCache#change}. */
    ByteBuffer bytes() {
        return memory.bytes();
    }

    boolean clean() {
        return !dirty && frozen == null;
    }
}
