package org.kvmbeans.block.qcow2;

/** The feature bits of a header, known and unknown ones. */
public record Features(long incompatible, long compatible, long autoclear) {
    public static final Features NONE = new Features(0, 0, 0);

    public boolean has(Feature feature) {
        return (bits(feature.kind()) & feature.mask()) != 0;
    }

    public Features with(Feature feature) {
        return with(feature.kind(), bits(feature.kind()) | feature.mask());
    }

    public Features without(Feature feature) {
        return with(feature.kind(), bits(feature.kind()) & ~feature.mask());
    }

    /** Only those autoclear features that are known, as whoever writes the image has to leave them. */
    public Features withoutUnknownAutoclear() {
        return with(Feature.Kind.AUTOCLEAR, autoclear & known(Feature.Kind.AUTOCLEAR));
    }

    /** The bits of a kind that no {@link Feature} stands for. */
    long unknown(Feature.Kind kind) {
        return bits(kind) & ~known(kind);
    }

    private long bits(Feature.Kind kind) {
        return switch (kind) {
            case INCOMPATIBLE -> incompatible;
            case COMPATIBLE -> compatible;
            case AUTOCLEAR -> autoclear;
        };
    }

    private Features with(Feature.Kind kind, long bits) {
        return switch (kind) {
            case INCOMPATIBLE -> new Features(bits, compatible, autoclear);
            case COMPATIBLE -> new Features(incompatible, bits, autoclear);
            case AUTOCLEAR -> new Features(incompatible, compatible, bits);
        };
    }

    private static long known(Feature.Kind kind) {
        long bits = 0;
        for (Feature feature : Feature.values()) {
            bits |= feature.kind() == kind ? feature.mask() : 0;
        }
        return bits;
    }
}
