package org.kvmbeans.block.qcow2;

/** How compressed clusters are compressed; one way for all of an image. */
public enum CompressionType {
    /** Deflate without a header (RFC 1951) in a window of 4 KiB. */
    ZLIB("zlib"),
    /** Zstandard frames (RFC 8878). */
    ZSTD("zstd");

    private final String text;

    CompressionType(String text) {
        this.text = text;
    }

    /** Its name among the options of an image. */
    public String text() {
        return text;
    }

    /** Its number in the header. */
    int code() {
        return ordinal();
    }
}
