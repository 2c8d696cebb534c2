package org.kvmbeans.block;

import java.util.concurrent.CancellationException;

/** Hears how far long work has come, and may stop it. Called by the thread that works, or by one of several at a time. */
@FunctionalInterface
public interface Progress {
    /** Listens to nothing and stops nothing. */
    Progress NONE = (doneUnits, totalUnits) -> {};

    /**
     * Tells how much is done; called every few milliseconds of work, and at its end.
     *
     * @param doneUnits bytes or whatever the work counts in, never less than before
     * @param totalUnits what there is to do in the same unit, as far as it is known by now
     * @throws CancellationException to stop the work where that leaves everything consistent
     */
    void advance(long doneUnits, long totalUnits);
}
