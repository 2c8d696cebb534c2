package org.kvmbeans.export.storage;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.kvmbeans.block.format.DiskFormat;

/** Formats as people write them. */
final class Formats {
    private Formats() {}

    /** The format of a name. */
    static DiskFormat parse(String text) {
        for (DiskFormat format : DiskFormat.values()) {
            if (format.text().equals(text)) {
                return format;
            }
        }
        throw new IllegalArgumentException("format is \"" + text + "\"; give one of "
                + Arrays.stream(DiskFormat.values()).map(DiskFormat::text).collect(Collectors.joining(", "))
                + ": it is never guessed");
    }
}
