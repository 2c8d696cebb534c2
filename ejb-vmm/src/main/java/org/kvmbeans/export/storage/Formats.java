package org.kvmbeans.export.storage;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.kvmbeans.block.format.DiskFormat;

/** Formats as people write them. */
public final class Formats {
    private Formats() {}

    /**
     * The format of a name.
     *
     * @throws IllegalArgumentException where there is none of that name, with those that there are
     */
    public static DiskFormat parse(String text) {
        return DiskFormat.of(text)
                .orElseThrow(() -> new IllegalArgumentException("format is \"" + text + "\"; give one of "
                        + Arrays.stream(DiskFormat.values())
                                .map(DiskFormat::text)
                                .collect(Collectors.joining(", "))
                        + ": it is never guessed"));
    }
}
