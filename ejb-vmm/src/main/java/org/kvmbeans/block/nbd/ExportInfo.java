package org.kvmbeans.block.nbd;

/**
 * What client and server have agreed upon.
 *
 * @param sizeBytes of the export
 * @param flags NBD_FLAG_… of the export
 * @param minimumBlock what offsets and lengths are multiples of: a power of two
 * @param preferredBlock what requests are best multiples of: a power of two
 * @param maximumPayload the most data of one request, a multiple of {@code minimumBlock}
 * @param structured whether replies are structured
 * @param allocationContext the number of base:allocation; {@link #NO_CONTEXT} where the server has none
 * @param bitmapContext the number of the dirty bitmap that was asked for; {@link #NO_CONTEXT} where the server has none
 */
record ExportInfo(
        long sizeBytes,
        int flags,
        int minimumBlock,
        int preferredBlock,
        int maximumPayload,
        boolean structured,
        long allocationContext,
        long bitmapContext) {
    static final long NO_CONTEXT = -1;

    ExportInfo withSize(long newBytes) {
        return new ExportInfo(
                newBytes,
                flags,
                minimumBlock,
                preferredBlock,
                maximumPayload,
                structured,
                allocationContext,
                bitmapContext);
    }

    boolean can(int flag) {
        return (flags & flag) != 0;
    }
}
