package org.kvmbeans.block.qcow2;

import org.jspecify.annotations.Nullable;

/** How compressed clusters are compressed; one way for all of an image. */
public enum CompressionType {
    /** Deflate without a header (RFC 1951) in a window of 4 KiB. */
    ZLIB(0, "zlib"),
    /** Zstandard frames (RFC 8878). */
    ZSTD(1, "zstd");

    private final int code;
    private final String text;

    CompressionType(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** Its name among the options of an image. */
    public String text() {
        return text;
    }

    /** Its number in the header. */
    int code() {
        return code;
    }

    /** The type with a number; null where it is unknown here. */
    static @Nullable CompressionType of(int code) {
        for (CompressionType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }
}
