package org.kvmbeans.block;

import java.util.concurrent.CancellationException;

/** Hears how far a long operation on an image has come, and may end it. */
@FunctionalInterface
public interface Progress {
    /** Hears nothing and ends nothing. */
    Progress NONE = (doneBytes, totalBytes) -> {};

    /**
     * The operation has come so far. Called often, also when nothing has moved, and by one thread at a time.
     *
     * @param doneBytes never less than before, at most {@code totalBytes}
     * @param totalBytes may change while the operation learns how much there is to do
     * @throws CancellationException to end the operation: it leaves what it works on as it says it does, and throws this on
     */
    void at(long doneBytes, long totalBytes);
}
