package org.kvmbeans.block.task;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.Progress;

/** Where the contents of a disk come from. */
public final class ImageMap {
    private ImageMap() {}

    /** Hears of extents in order; what it throws ends the walk. */
    @FunctionalInterface
    public interface Visitor {
        void visit(Extent extent) throws IOException;
    }

    /**
     * Walks a range of a disk, each extent as long as it goes.
     *
     * @throws java.util.concurrent.CancellationException from {@code progress}
     */
    public static void walk(DiskImage image, long from, long to, Visitor visitor, Progress progress)
            throws IOException {
        @Nullable Extent pending = null;
        for (long at = from; at < to; ) {
            Extent next = image.extent(at, to - at);
            if (pending != null && continues(pending, next)) {
                pending = joined(pending, next);
            } else {
                if (pending != null) {
                    visitor.visit(pending);
                }
                pending = next;
            }
            at = next.end();
            progress.advance(at - from, to - from);
        }
        if (pending != null) {
            visitor.visit(pending);
        }
    }

    /** Extents of a range, at most {@code most}: the last one ends where the next call would begin. */
    public static List<Extent> list(DiskImage image, long from, long to, int most) throws IOException {
        List<Extent> extents = new ArrayList<>();
        long at = from;
        while (at < to && extents.size() < most) {
            Extent next = image.extent(at, to - at);
            int last = extents.size() - 1;
            if (last >= 0 && continues(extents.get(last), next)) {
                extents.set(last, joined(extents.get(last), next));
            } else {
                extents.add(next);
            }
            at = next.end();
        }
        return extents;
    }

    private static Extent joined(Extent extent, Extent next) {
        return new Extent(
                extent.offset(), extent.bytes() + next.bytes(), extent.kind(), extent.depth(), extent.storageOffset());
    }

    private static boolean continues(Extent extent, Extent next) {
        boolean sameStorage = extent.storageOffset() < 0
                ? next.storageOffset() < 0
                : next.storageOffset() == extent.storageOffset() + extent.bytes();
        return extent.kind() == next.kind() && extent.depth() == next.depth() && sameStorage;
    }

    /**
     * Writes a disk's map as JSON, one object an extent, with the fields that {@code qemu-img map --output=json} has:
     * {@code start}, {@code length}, {@code depth}, {@code present}, {@code zero}, {@code data}, {@code compressed} where
     * that is so, and {@code offset} where the bytes lie unaltered in the image.
     */
    public static void writeJson(DiskImage image, Appendable out, Progress progress) throws IOException {
        out.append('[');
        String[] separator = {""};
        walk(
                image,
                0,
                image.sizeBytes(),
                extent -> {
                    out.append(separator[0]).append(json(extent));
                    separator[0] = ",\n";
                },
                progress);
        out.append("]\n");
    }

    /** Extents as JSON, as {@link #writeJson} has them. */
    public static String json(List<Extent> extents) {
        return extents.stream().map(ImageMap::json).collect(Collectors.joining(",\n", "[", "]"));
    }

    private static String json(Extent extent) {
        String offset = extent.storageOffset() < 0 ? "" : ", \"offset\": " + extent.storageOffset();
        String compressed = extent.kind() == Extent.Kind.COMPRESSED ? ", \"compressed\": true" : "";
        return "{ \"start\": " + extent.offset()
                + ", \"length\": " + extent.bytes()
                + ", \"depth\": " + extent.depth()
                + ", \"present\": " + (extent.kind() != Extent.Kind.UNALLOCATED)
                + ", \"zero\": " + extent.readsAsZeros()
                + ", \"data\": " + !extent.readsAsZeros()
                + compressed + offset + "}";
    }
}
