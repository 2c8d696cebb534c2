package org.kvmbeans.block.nbd;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which bytes of a read have come. A server may send the parts in any order, but none twice and none less: a gap would show
 * whatever the memory held before.
 */
final class ReadCoverage {
    /** Parts that wait for those before them; a server in its senses sends them nearly in order. */
    private static final int MAX_PARTS = 1024;

    private final long length;
    /** Everything before this has come. */
    private long done;
    /** Where later parts begin, and where they end. */
    private @Nullable TreeMap<Long, Long> later;

    ReadCoverage(long length) {
        this.length = length;
    }

    /**
     * Takes a part.
     *
     * @param start bytes after the beginning of the read
     * @throws ProtocolException where it lies outside the read, or has come before
     */
    void add(long start, long bytes) throws ProtocolException {
        if (start < done || bytes <= 0 || start > length - bytes) {
            throw new ProtocolException(
                    bytes + " bytes at " + start + " of a read of " + length + ", of which " + done + " had come");
        }
        if (start == done) {
            done = start + bytes;
            absorb();
            return;
        }
        TreeMap<Long, Long> parts = later;
        if (parts == null) {
            parts = new TreeMap<>();
            later = parts;
        }
        Map.Entry<Long, Long> before = parts.lowerEntry(start + bytes);
        if ((before != null && before.getValue() > start) || parts.size() == MAX_PARTS) {
            throw new ProtocolException("parts of a read that overlap, or more than " + MAX_PARTS + " out of order");
        }
        parts.put(start, start + bytes);
    }

    private void absorb() throws ProtocolException {
        TreeMap<Long, Long> parts = later;
        while (parts != null && !parts.isEmpty() && parts.firstKey() <= done) {
            if (parts.firstKey() < done) {
                throw new ProtocolException("parts of a read that overlap at byte " + parts.firstKey());
            }
            done = parts.firstEntry().getValue();
            parts.pollFirstEntry();
        }
    }

    boolean complete() {
        return done == length;
    }
}
