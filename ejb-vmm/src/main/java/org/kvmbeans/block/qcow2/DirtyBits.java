package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which parts of a disk were written: a bit for each. What is all clear takes no memory, so that a bitmap takes what its bits
 * ask for. Used by one thread at a time.
 */
final class DirtyBits {
    private static final int WORD_BITS = 6;
    private static final int CHUNK_BITS = 15;
    private static final int CHUNK_WORDS = 1 << (CHUNK_BITS - WORD_BITS);
    /** Bytes of a chunk as it is stored. */
    static final int CHUNK_BYTES = CHUNK_WORDS * Long.BYTES;

    private final int granularityBits;
    private long diskBytes;
    private long[] @Nullable [] chunks;

    /** @param granularityBits log2 of the bytes of disk that a bit stands for */
    DirtyBits(int granularityBits, long diskBytes) {
        this.granularityBits = granularityBits;
        this.diskBytes = diskBytes;
        chunks = new long[chunksFor(diskBytes)][];
    }

    private int chunksFor(long bytes) {
        return Math.toIntExact((bits(bytes) + (1L << CHUNK_BITS) - 1) >>> CHUNK_BITS);
    }

    private long bits(long bytes) {
        return (bytes >>> granularityBits) + ((bytes & (1L << granularityBits) - 1) == 0 ? 0 : 1);
    }

    int granularityBits() {
        return granularityBits;
    }

    /** Bytes that all bits take when they are stored. */
    long storedBytes() {
        return (bits(diskBytes) + Byte.SIZE - 1) / Byte.SIZE;
    }

    /** The disk has another size; what is added is dirty. */
    void resize(long newDiskBytes) {
        long oldDiskBytes = diskBytes;
        diskBytes = newDiskBytes;
        chunks = Arrays.copyOf(chunks, chunksFor(newDiskBytes));
        if (newDiskBytes > oldDiskBytes) {
            set(oldDiskBytes, newDiskBytes - oldDiskBytes);
        } else {
            clearFrom(bits(newDiskBytes));
        }
    }

    private void clearFrom(long bit) {
        int chunk = (int) (bit >>> CHUNK_BITS);
        if (chunk < chunks.length && chunks[chunk] != null) {
            for (long at = bit; at < (long) (chunk + 1) << CHUNK_BITS; at++) {
                chunks[chunk][word(at)] &= ~(1L << at);
            }
        }
    }

    /** A stretch of the disk is dirty. */
    void set(long offset, long length) {
        if (length <= 0 || offset >= diskBytes) {
            return;
        }
        long last = (Math.min(diskBytes, offset + length) - 1) >>> granularityBits;
        for (long bit = offset >>> granularityBits; bit <= last; ) {
            int chunk = (int) (bit >>> CHUNK_BITS);
            if (chunks[chunk] == null) {
                chunks[chunk] = new long[CHUNK_WORDS];
            }
            long wordEnd = bit | (1L << WORD_BITS) - 1;
            long to = Math.min(last, wordEnd);
            chunks[chunk][word(bit)] |= (-1L >>> (Long.SIZE - 1 - (to - bit))) << bit;
            bit = to + 1;
        }
    }

    private static int word(long bit) {
        return (int) (bit >>> WORD_BITS) & CHUNK_WORDS - 1;
    }

    private boolean get(long bit) {
        long[] chunk = chunks[(int) (bit >>> CHUNK_BITS)];
        return chunk != null && (chunk[word(bit)] >>> bit & 1) != 0;
    }

    void clear() {
        Arrays.fill(chunks, null);
    }

    /** All that is dirty there is dirty here as well. */
    void merge(DirtyBits other) {
        for (long at = 0; at < other.diskBytes; ) {
            DirtyStretch stretch = other.stretch(at, other.diskBytes - at);
            if (stretch.dirty()) {
                set(stretch.offset(), stretch.bytes());
            }
            at += stretch.bytes();
        }
    }

    /** Bytes of disk that are dirty. */
    long dirtyBytes() {
        long bits = 0;
        for (long[] chunk : chunks) {
            for (int i = 0; chunk != null && i < chunk.length; i++) {
                bits += Long.bitCount(chunk[i]);
            }
        }
        return Math.min(diskBytes, bits << granularityBits);
    }

    /** The stretch from an offset on that is dirty, or is not. */
    DirtyStretch stretch(long offset, long length) {
        long end = Math.min(diskBytes, offset + length);
        long bit = offset >>> granularityBits;
        boolean dirty = get(bit);
        long last = (end - 1) >>> granularityBits;
        while (++bit <= last) {
            int chunk = (int) (bit >>> CHUNK_BITS);
            if (chunks[chunk] == null && !dirty) {
                bit = ((long) (chunk + 1) << CHUNK_BITS) - 1;
            } else if (get(bit) != dirty) {
                break;
            }
        }
        return new DirtyStretch(offset, Math.min(end, bit << granularityBits) - offset, dirty);
    }

    /** Whether a chunk has no bit that is set. */
    boolean chunkIsClear(int chunk) {
        long[] words = chunks[chunk];
        if (words != null) {
            for (long word : words) {
                if (word != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    int chunkCount() {
        return chunks.length;
    }

    /** Puts a chunk as it is stored at the position of a buffer. */
    void store(int chunk, ByteBuffer target) {
        ByteBuffer bytes = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        long[] words = chunks[chunk];
        for (int i = 0; i < CHUNK_WORDS && bytes.remaining() >= Long.BYTES; i++) {
            bytes.putLong(words == null ? 0 : words[i]);
        }
    }

    /** Takes stored bytes, of which the first stands for the bits from {@code firstByte * 8} on. */
    void load(long firstByte, ByteBuffer source) {
        long bitCount = bits(diskBytes);
        for (long bit = firstByte * Byte.SIZE; source.hasRemaining() && bit < bitCount; bit += Byte.SIZE) {
            int value = Byte.toUnsignedInt(source.get());
            if (value == 0) {
                continue;
            }
            int chunk = (int) (bit >>> CHUNK_BITS);
            if (chunks[chunk] == null) {
                chunks[chunk] = new long[CHUNK_WORDS];
            }
            long valid = Math.min(Byte.SIZE, bitCount - bit);
            chunks[chunk][word(bit)] |= (value & (1L << valid) - 1) << bit;
        }
    }

    /** Everything is dirty. */
    void setAll() {
        set(0, diskBytes);
    }
}
