package org.kvmbeans.block.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.testing.Pairwise;

/** Options of new images, pairwise. */
final class OptionCombinations {
    private static final int[] VERSIONS = {2, 3};
    private static final int[] CLUSTER_BITS = {9, 12, 14, 16, 21};
    private static final int[] REFCOUNT_BITS = {1, 2, 4, 8, 16, 32, 64};
    private static final long[] SIZES = {0, 512, 1 << 20, (5L << 20) + 512, 300L << 20, 5L << 30};
    private static final Preallocation[] PREALLOCATIONS = Preallocation.values();
    private static final CompressionType[] COMPRESSIONS = CompressionType.values();

    enum Other {
        NOTHING,
        BACKING,
        DATA_FILE,
        RAW_DATA_FILE
    }

    record Combination(long sizeBytes, Qcow2Options options) {
        /** The same for qemu-img's -o. */
        String text(boolean withFiles) {
            List<String> parts = new ArrayList<>(List.of(
                    "compat=" + (options.version() == 2 ? "0.10" : "1.1"),
                    "cluster_size=" + options.clusterBytes(),
                    "refcount_bits=" + options.refcountBits(),
                    "lazy_refcounts=" + onOff(options.lazyRefcounts()),
                    "extended_l2=" + onOff(options.extendedL2()),
                    "compression_type=" + options.compression().text(),
                    "preallocation=" + options.preallocation().text()));
            if (withFiles && options.dataFile() != null) {
                parts.add("data_file=" + options.dataFile());
                parts.add("data_file_raw=" + onOff(options.rawDataFile()));
            }
            return String.join(",", parts);
        }

        @Override
        public String toString() {
            return sizeBytes + " " + text(true) + (options.backing() == null ? "" : ",backing");
        }

        private static String onOff(boolean on) {
            return on ? "on" : "off";
        }
    }

    private OptionCombinations() {}

    static Stream<Combination> all() {
        int[] counts = {
            VERSIONS.length,
            CLUSTER_BITS.length,
            REFCOUNT_BITS.length,
            SIZES.length,
            PREALLOCATIONS.length,
            COMPRESSIONS.length,
            Other.values().length,
            2,
            2
        };
        return Pairwise.combinations(counts, values -> of(values) != null).stream()
                .map(OptionCombinations::of);
    }

    private static @Nullable Combination of(int[] values) {
        long size = SIZES[values[3]];
        Other other = Other.values()[values[6]];
        Preallocation preallocation = PREALLOCATIONS[values[4]];
        boolean large = size > 64 << 20;
        boolean writesAll = preallocation == Preallocation.FULL || preallocation == Preallocation.FALLOC;
        boolean manyTables = preallocation != Preallocation.OFF && values[1] < 3;
        if ((large && (manyTables || writesAll)) || (size > 1L << 30 && values[1] == 0)) {
            return null;
        }
        try {
            return new Combination(
                    size,
                    new Qcow2Options(
                            VERSIONS[values[0]],
                            1 << CLUSTER_BITS[values[1]],
                            values[7] == 1,
                            COMPRESSIONS[values[5]],
                            REFCOUNT_BITS[values[2]],
                            values[8] == 1,
                            other == Other.BACKING ? new BackingReference("base.raw", "raw") : null,
                            other.name().endsWith("DATA_FILE") ? "data.raw" : null,
                            other == Other.RAW_DATA_FILE,
                            preallocation,
                            null));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
