package org.kvmbeans.block.task;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.Progress;

/** Finds out whether two images show the same disk. */
public final class Comparison {
    private final CopyMeans means;
    private final Strictness strictness;

    /** What counts as a difference. */
    public enum Strictness {
        /** Contents; a longer disk may have zeros where the other has ended. */
        CONTENTS,
        /** Contents, sizes, and what of them is stored, zeros, or nowhere. */
        ALLOCATION
    }

    /** What was found. */
    public enum Verdict {
        IDENTICAL,
        CONTENTS_DIFFER,
        SIZES_DIFFER,
        ALLOCATION_DIFFERS
    }

    /**
     * The outcome.
     *
     * @param firstDifference the first byte that differs in contents or in allocation; where the sizes alone differ, the
     *     shorter's end; -1 where nothing does
     * @param firstSizeBytes of the first disk
     * @param secondSizeBytes of the second
     */
    public record Result(Verdict verdict, long firstDifference, long firstSizeBytes, long secondSizeBytes) {}

    public Comparison(CopyMeans means, Strictness strictness) {
        this.means = means;
        this.strictness = strictness;
    }

    /**
     * Compares two images, which nobody changes meanwhile.
     *
     * @throws java.util.concurrent.CancellationException from {@code progress}
     */
    public Result run(DiskImage first, DiskImage second, Progress progress) throws IOException {
        long shorter = Math.min(first.sizeBytes(), second.sizeBytes());
        long longer = Math.max(first.sizeBytes(), second.sizeBytes());
        boolean strict = strictness == Strictness.ALLOCATION;
        if (strict && shorter != longer) {
            return result(Verdict.SIZES_DIFFER, shorter, first, second);
        }
        long allocation = strict ? allocationDifference(first, second) : -1;
        long contents = contentDifference(
                new PaddedImage(means.posix(), first), new PaddedImage(means.posix(), second), longer, progress);
        if (contents >= 0) {
            return result(Verdict.CONTENTS_DIFFER, contents, first, second);
        }
        return result(allocation >= 0 ? Verdict.ALLOCATION_DIFFERS : Verdict.IDENTICAL, allocation, first, second);
    }

    private static Result result(Verdict verdict, long difference, DiskImage first, DiskImage second) {
        return new Result(verdict, difference, first.sizeBytes(), second.sizeBytes());
    }

    private enum Allocation {
        STORED,
        ZERO,
        NOWHERE;

        static Allocation of(Extent extent) {
            return switch (extent.kind()) {
                case DATA, COMPRESSED -> STORED;
                case ZERO -> ZERO;
                case UNALLOCATED -> NOWHERE;
            };
        }
    }

    private static long allocationDifference(DiskImage first, DiskImage second) throws IOException {
        long size = first.sizeBytes();
        for (long at = 0; at < size; ) {
            Extent one = first.extent(at, size - at);
            Extent other = second.extent(at, size - at);
            if (Allocation.of(one) != Allocation.of(other)) {
                return at;
            }
            at = Math.min(one.end(), other.end());
        }
        return -1;
    }

    private long contentDifference(PaddedImage first, PaddedImage second, long size, Progress progress)
            throws IOException {
        CopyMeter meter = new CopyMeter(progress, size);
        AtomicLong difference = new AtomicLong(Long.MAX_VALUE);
        int piece = means.bufferBytes();
        try (CopyCrew crew = new CopyCrew(means.posix(), "compare", means.workers(), 2 * piece, meter)) {
            for (long at = 0; at < size && at < difference.get(); ) {
                long zeros = second.zeroEnd(at, first.zeroEnd(at, size));
                if (zeros > at) {
                    meter.skipped(zeros - at);
                    at = zeros;
                    continue;
                }
                long from = at;
                long to = Math.min(size, (at / piece + 1) * piece);
                means.pace().admit(to - from, meter);
                crew.give(buffer -> {
                    if (from < difference.get()) {
                        compare(first, second, from, to, buffer, difference);
                    }
                    meter.copied(to - from);
                });
                at = to;
            }
            crew.awaitAll();
        }
        meter.run();
        return difference.get() == Long.MAX_VALUE ? -1 : difference.get();
    }

    private void compare(
            PaddedImage first, PaddedImage second, long from, long to, CopyBuffer buffer, AtomicLong difference)
            throws IOException {
        int length = (int) (to - from);
        first.read(from, buffer.part(0, length));
        second.read(from, buffer.part(means.bufferBytes(), length));
        int at = buffer.mismatch(0, buffer, means.bufferBytes(), length);
        if (at >= 0) {
            difference.accumulateAndGet(from + at, Math::min);
        }
    }
}
