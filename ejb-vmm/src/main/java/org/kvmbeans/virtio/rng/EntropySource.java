package org.kvmbeans.virtio.rng;

import org.kvmbeans.sys.IoVector;

/** Where the device takes its entropy from. */
@FunctionalInterface
public interface EntropySource {
    /**
     * Fills {@code target} without blocking.
     *
     * @return bytes filled, counted from the start; 0 where there is no entropy yet, or a negated errno where there never
     *     will be any
     */
    long fill(IoVector target);
}
