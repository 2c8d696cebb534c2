package org.kvmbeans.block.qcow2;

/** The features that this implementation knows, each a bit of the header (specification, "Header"). */
public enum Feature {
    /** Refcounts may be too low or too high: they are to be rebuilt before the image is written. */
    DIRTY(Kind.INCOMPATIBLE, 0, "dirty bit"),
    /** Any structure may be wrong: the image may not be written, except to repair it. */
    CORRUPT(Kind.INCOMPATIBLE, 1, "corrupt bit"),
    /** The disk's clusters lie in a file of their own. */
    EXTERNAL_DATA(Kind.INCOMPATIBLE, 2, "external data file"),
    /** Compressed clusters are not zlib's. */
    COMPRESSION_TYPE(Kind.INCOMPATIBLE, 3, "compression type"),
    /** L2 entries have bitmaps of subclusters. */
    EXTENDED_L2(Kind.INCOMPATIBLE, 4, "extended L2 entries"),
    /** Refcounts need not be up to date while {@link #DIRTY} is set. */
    LAZY_REFCOUNTS(Kind.COMPATIBLE, 0, "lazy refcounts"),
    /** The bitmaps agree with the disk. */
    BITMAPS(Kind.AUTOCLEAR, 0, "bitmaps"),
    /** The data file is a raw image of the disk by itself. */
    RAW_EXTERNAL(Kind.AUTOCLEAR, 1, "raw external data");

    /** What those do who do not know a feature. */
    public enum Kind {
        /** They do not open the image. */
        INCOMPATIBLE(0),
        /** They ignore it. */
        COMPATIBLE(1),
        /** They clear its bit before they write. */
        AUTOCLEAR(2);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** Its number in a feature name table. */
        int code() {
            return code;
        }
    }

    private final Kind kind;
    private final int bit;
    private final String text;

    Feature(Kind kind, int bit, String text) {
        this.kind = kind;
        this.bit = bit;
        this.text = text;
    }

    public Kind kind() {
        return kind;
    }

    /** Its bit's number among those of its kind. */
    public int bit() {
        return bit;
    }

    /** Its name in a feature name table. */
    public String text() {
        return text;
    }

    long mask() {
        return 1L << bit;
    }
}
