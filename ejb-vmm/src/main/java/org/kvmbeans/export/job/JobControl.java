package org.kvmbeans.export.job;

import java.util.concurrent.CancellationException;
import org.kvmbeans.block.Progress;

/** What a task tells of its progress, and hears from outside. Called by the task's threads. */
public interface JobControl extends Progress {
    /** Whether somebody has called the job off. */
    boolean isCancelled();

    /**
     * Ends the task where somebody has called the job off.
     *
     * @throws CancellationException where somebody has
     */
    default void checkCancelled() {
        if (isCancelled()) {
            throw new CancellationException("it was called off");
        }
    }

    /** Says that all is copied and only the last step is left, which comes when {@link #isCompleting} says so. */
    void ready();

    /** Whether somebody has asked for the last step. */
    boolean isCompleting();

    /**
     * Waits for at most {@code millis} milliseconds, less where somebody asks for the last step.
     *
     * @throws CancellationException where somebody calls the job off
     */
    void pause(long millis);
}
