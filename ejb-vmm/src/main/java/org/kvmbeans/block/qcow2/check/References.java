package org.kvmbeans.block.qcow2.check;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * How often each cluster of an image is referred to, and by what.
 *
 * <p>A state is a count shifted by {@link #COUNT_SHIFT} and flags. It takes a byte for a cluster while counts are small, and
 * four in the neighbourhood of a larger one; stretches that nothing refers to take nothing. Used by one thread.
 */
final class References {
    /** It is metadata that nothing may share. */
    static final int EXCLUSIVE = 1;
    /** It is an L2 table. */
    static final int L2_TABLE = 2;
    /** Something in use by the disk says that this is the only reference. */
    static final int COPIED = 4;
    /** Something in use by the disk says that this may not be the only reference. */
    static final int SHARED = 8;

    static final int COUNT_SHIFT = 4;
    private static final int FLAGS = (1 << COUNT_SHIFT) - 1;
    static final int PIECE_BITS = 14;
    static final int PIECE_CLUSTERS = 1 << PIECE_BITS;

    private static final int PIECE_MASK = PIECE_CLUSTERS - 1;
    /** The least state whose count has no room in a byte. */
    private static final int NARROW_LIMIT = 0xF0;

    private static final int MAX_PIECES = Integer.MAX_VALUE - 8;

    private static final int MAX_COUNT = Integer.MAX_VALUE >> COUNT_SHIFT;

    private final String image;
    private final long maxBytes;
    private byte[] @Nullable [] narrow = new byte[0][];
    private int[] @Nullable [] wide = new int[0][];
    private long usedBytes;

    /** @param maxBytes the most memory that it may take */
    References(String image, long maxBytes) {
        this.image = image;
        this.maxBytes = maxBytes;
    }

    /**
     * Counts references to a cluster and adds flags.
     *
     * @return its state before
     */
    int add(long cluster, int times, int flags) throws DiskImageException {
        long piece = cluster >>> PIECE_BITS;
        int at = (int) cluster & PIECE_MASK;
        byte[] bytes = piece < narrow.length ? narrow[(int) piece] : null;
        if (bytes != null && times < MAX_COUNT >> 1) {
            int before = bytes[at] & 0xFF;
            int after = (before + (times << COUNT_SHIFT)) | flags;
            if (after < NARROW_LIMIT) {
                bytes[at] = (byte) after;
                return before;
            }
        }
        return addElsewhere(cluster, times, flags);
    }

    private int addElsewhere(long cluster, int times, int flags) throws DiskImageException {
        reach(cluster >>> PIECE_BITS);
        int piece = (int) (cluster >>> PIECE_BITS);
        int at = (int) cluster & PIECE_MASK;
        int[] ints = wide[piece];
        if (ints == null && narrow[piece] == null) {
            take(PIECE_CLUSTERS);
            narrow[piece] = new byte[PIECE_CLUSTERS];
            if (times < NARROW_LIMIT >> COUNT_SHIFT) {
                return add(cluster, times, flags);
            }
        }
        if (ints == null) {
            ints = widen(piece);
        }
        int before = ints[at];
        long count = Math.min(MAX_COUNT, (long) (before >>> COUNT_SHIFT) + times);
        ints[at] = ((int) count << COUNT_SHIFT) | (before & FLAGS) | flags;
        return before;
    }

    private int[] widen(int piece) throws DiskImageException {
        take(PIECE_CLUSTERS * (long) Integer.BYTES);
        byte[] bytes = narrow[piece];
        int[] ints = new int[PIECE_CLUSTERS];
        for (int i = 0; bytes != null && i < PIECE_CLUSTERS; i++) {
            ints[i] = bytes[i] & 0xFF;
        }
        wide[piece] = ints;
        narrow[piece] = null;
        return ints;
    }

    private void reach(long piece) throws DiskImageException {
        if (piece < narrow.length) {
            return;
        }
        long length = Math.max(piece + 1, narrow.length + (narrow.length >> 1));
        take(2L * Long.BYTES * (length - narrow.length));
        if (length > MAX_PIECES) {
            throw tooMuch();
        }
        narrow = Arrays.copyOf(narrow, (int) length);
        wide = Arrays.copyOf(wide, (int) length);
    }

    private void take(long bytes) throws DiskImageException {
        usedBytes += bytes;
        if (usedBytes > maxBytes) {
            throw tooMuch();
        }
    }

    private DiskImageException tooMuch() {
        return new DiskImageException(
                Kind.UNSUPPORTED,
                image,
                "to count the references to its clusters takes more than " + maxBytes
                        + " bytes of memory; give the process more");
    }

    /** The state of a cluster. */
    int state(long cluster) {
        int piece = (int) Math.min(Integer.MAX_VALUE, cluster >>> PIECE_BITS);
        if (piece >= narrow.length) {
            return 0;
        }
        int at = (int) cluster & PIECE_MASK;
        byte[] bytes = narrow[piece];
        if (bytes != null) {
            return bytes[at] & 0xFF;
        }
        int[] ints = wide[piece];
        return ints == null ? 0 : ints[at];
    }

    int count(long cluster) {
        return state(cluster) >>> COUNT_SHIFT;
    }

    /** The first cluster from {@code from} on whose state has all of {@code flags}; -1 where there is none. */
    long next(long from, int flags) {
        for (long cluster = from; cluster < limit(); ) {
            int piece = (int) (cluster >>> PIECE_BITS);
            if (narrow[piece] == null && wide[piece] == null) {
                cluster = (long) (piece + 1) << PIECE_BITS;
            } else if ((state(cluster) & flags) == flags) {
                return cluster;
            } else {
                cluster++;
            }
        }
        return -1;
    }

    /** Whether nothing refers to the piece that a cluster lies in. */
    boolean emptyPiece(long cluster) {
        long piece = cluster >>> PIECE_BITS;
        return piece >= narrow.length || (narrow[(int) piece] == null && wide[(int) piece] == null);
    }

    /** Behind every cluster that has a state. */
    long limit() {
        return (long) narrow.length << PIECE_BITS;
    }
}
