package org.kvmbeans.block.qcow2;

import org.jspecify.annotations.Nullable;

/**
 * Clusters of the disk that are about to get data, and where it goes; filled anew for each. Offsets are the disk's, bytes.
 */
final class Allocation {
    /** Held from the plan to the link. */
    InFlight.@Nullable Claim claim;
    /** Where the first cluster begins. */
    long start;

    long clusters;
    /** Where the first cluster's data lies in the storage; the others follow it. */
    long hostOffset;
    /** Whether the clusters of the storage are new, or were theirs before. */
    boolean fresh;
    /** Whether the storage there was never written, and reads as zeros. */
    boolean neverWritten;
    /** The request's part, which it writes. */
    long writeStart;

    long writeEnd;
    /** All that will be valid: what is around the request's part is copied from where it was. */
    long copyStart;

    long copyEnd;

    long hostOf(long offset) {
        return hostOffset + (offset - start);
    }
}
