package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;

/**
 * Copies up to the top image of a disk what the images below it show, and then takes those out of the chain. The disk may be
 * in use; its contents do not change, and what was copied stays when it is cancelled.
 */
public final class Streaming {
    private final CopyMeans means;
    private final SwitchableImage disk;

    /**
     * The image of the chain that stays below the top.
     *
     * @param depth which one: 1 is the top's backing file, and so on
     * @param reference how the top is to name it
     */
    public record Base(int depth, BackingReference reference) {}

    public Streaming(CopyMeans means, SwitchableImage disk) {
        this.means = means;
        this.disk = disk;
    }

    /**
     * Streams.
     *
     * @param base what stays; null for nothing: the top image then stands alone
     * @throws java.util.concurrent.CancellationException from {@code progress}
     */
    public void run(@Nullable Base base, Progress progress) throws IOException {
        try (SwitchableImage.Claim claim = disk.claim("a stream")) {
            Chain chain = disk.use(image -> Chain.of(disk.name(), image, base));
            CopyMeter meter = new CopyMeter(progress, disk.sizeBytes());
            try (CopyCrew crew = new CopyCrew(means.posix(), "stream", means.workers(), 1, meter)) {
                populate(chain, crew, meter);
                crew.awaitAll();
            }
            meter.run();
            disk.exclusively(exclusive -> {
                exclusive.current().flush();
                chain.cut();
                return exclusive;
            });
        }
    }

    private void populate(Chain chain, CopyCrew crew, CopyMeter meter) throws IOException {
        long size = disk.sizeBytes();
        for (long at = 0; at < size; ) {
            long from = at;
            long length = Math.min(size, (at / means.bufferBytes() + 1) * means.bufferBytes()) - at;
            Stretch stretch = disk.use(image -> chain.stretch(from, size - from));
            if (stretch.kind() == Stretch.Kind.SKIP) {
                meter.skipped(stretch.bytes());
                meter.run();
            } else {
                long bytes = Math.min(stretch.bytes(), length);
                stretch = new Stretch(from, bytes, Stretch.Kind.DATA);
                means.pace().admit(bytes, meter);
                crew.give(buffer -> {
                    disk.use(image -> {
                        chain.top.populate(from, bytes);
                        return image;
                    });
                    meter.copied(bytes);
                });
            }
            at = stretch.end();
        }
    }

    /** The images that matter; they are the disk's as long as it is claimed. */
    private static final class Chain {
        private final LayeredImage top;
        private final @Nullable Base base;
        /** The one above the base; the top where the base is its backing file already; null without a base. */
        private final @Nullable LayeredImage above;

        private final long baseBytes;
        /** Where the shortest image between top and base ends: from there on the base does not show through. */
        private final long shortestBytes;

        private Chain(LayeredImage top, @Nullable Base base, @Nullable LayeredImage above, long shortestBytes) {
            this.top = top;
            this.base = base;
            this.above = above;
            DiskImage lowest = above == null ? null : above.backing();
            baseBytes = lowest == null ? 0 : lowest.sizeBytes();
            this.shortestBytes = shortestBytes;
        }

        static Chain of(String name, DiskImage image, @Nullable Base base) throws DiskImageException {
            if (!(image instanceof LayeredImage top) || top.backing() == null) {
                throw new DiskImageException(Kind.UNSUPPORTED, name, "it has no backing file to stream from");
            }
            if (base == null) {
                return new Chain(top, null, null, Long.MAX_VALUE);
            }
            LayeredImage above = top;
            long shortest = Long.MAX_VALUE;
            for (int depth = 1; depth < base.depth(); depth++) {
                if (!(above.backing() instanceof LayeredImage next)) {
                    throw noBase(name, base);
                }
                above = next;
                shortest = Math.min(shortest, next.sizeBytes());
            }
            if (base.depth() < 1 || above.backing() == null) {
                throw noBase(name, base);
            }
            return new Chain(top, base, above, shortest);
        }

        private static DiskImageException noBase(String name, Base base) {
            return new DiskImageException(
                    Kind.UNSUPPORTED, name, "its chain has no image at depth " + base.depth() + " to stop at");
        }

        /** What is to be copied up. */
        Stretch stretch(long offset, long length) throws IOException {
            Extent own = top.ownExtent(offset, length);
            if (own.kind() != Extent.Kind.UNALLOCATED) {
                return new Stretch(offset, own.bytes(), Stretch.Kind.SKIP);
            }
            if (offset >= shortestBytes && offset < baseBytes) {
                return new Stretch(offset, Math.min(own.bytes(), baseBytes - offset), Stretch.Kind.DATA);
            }
            long bytes = offset < shortestBytes ? Math.min(own.bytes(), shortestBytes - offset) : own.bytes();
            Extent shown = top.extent(offset, bytes);
            // Without a base the top shows zeros there by itself; over one, zeros hide what it holds.
            boolean copied = base == null
                    ? !shown.readsAsZeros()
                    : shown.kind() != Extent.Kind.UNALLOCATED && shown.depth() < base.depth();
            return new Stretch(offset, shown.bytes(), copied ? Stretch.Kind.DATA : Stretch.Kind.SKIP);
        }

        /** Takes the images between out; no request is in progress. */
        void cut() throws IOException {
            if (base == null || above == null) {
                top.changeBacking(null, null);
            } else if (above != top) {
                DiskImage kept = above.exchangeBacking(null);
                boolean changed = false;
                try {
                    top.changeBacking(base.reference(), kept);
                    changed = true;
                } finally {
                    if (!changed) {
                        above.exchangeBacking(kept);
                    }
                }
            }
        }
    }
}
