package org.kvmbeans.export.job;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.management.ObjectName;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.mbeans.JobProgress;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;

/** One job: what was asked, where it stands, and what came of it. Any thread may call. */
public final class Job implements JobControl {
    private static final double MILLIS_PER_SECOND = 1e3;

    private final long id;
    private final JobRequest request;
    private final LongSupplier nanoClock;
    private final long createdMillis = System.currentTimeMillis();
    private final Speed speed = new Speed();

    private JobState state = JobState.WAITING;
    private JobOutcome outcome = JobOutcome.DONE;
    private String error = "";
    private long totalBytes;
    private long doneBytes;
    private long startedMillis;
    private long endedMillis;
    private boolean cancelling;
    private boolean completing;

    Job(long id, JobRequest request, LongSupplier nanoClock) {
        this.id = id;
        this.request = request;
        this.nanoClock = nanoClock;
    }

    /** Its number. */
    public long id() {
        return id;
    }

    /** What was asked for. */
    public JobRequest request() {
        return request;
    }

    /** The name of its MBean. */
    public ObjectName objectName() {
        Owner owner = request.owner();
        return owner.type() == Owner.Type.POOL
                ? ObjectNames.jobOfPool(owner.name(), id)
                : ObjectNames.jobOfVm(owner.name(), id);
    }

    /** Where it stands. */
    public synchronized JobState state() {
        return state;
    }

    synchronized long createdMillis() {
        return createdMillis;
    }

    synchronized long startedMillis() {
        return startedMillis;
    }

    synchronized long endedMillis() {
        return endedMillis;
    }

    /** What went wrong; empty where nothing did. */
    public synchronized String error() {
        return error;
    }

    synchronized JobOutcome outcome() {
        return outcome;
    }

    synchronized JobProgress progress() {
        long rate = state == JobState.RUNNING ? speed.bytesPerSecond(nanoClock.getAsLong(), doneBytes) : 0;
        boolean known = state == JobState.RUNNING && rate > 0 && totalBytes > 0;
        long remaining = known ? (long) ((totalBytes - doneBytes) * MILLIS_PER_SECOND / rate) : -1;
        return new JobProgress(state, doneBytes, totalBytes, rate, Math.max(-1, remaining));
    }

    /** Part of the work that is done, 0 to 1. */
    synchronized double fraction() {
        if (state == JobState.COMPLETED) {
            return 1;
        }
        return totalBytes <= 0 ? 0 : Math.min(1, (double) doneBytes / totalBytes);
    }

    /** Whether it begins now; not where it was called off before. */
    synchronized boolean begin() {
        if (state != JobState.WAITING || cancelling) {
            return false;
        }
        state = JobState.RUNNING;
        startedMillis = System.currentTimeMillis();
        speed.sample(nanoClock.getAsLong(), 0);
        return true;
    }

    /** Notes its end; false where it has ended before. */
    synchronized boolean end(JobState last, JobOutcome came, String wrong) {
        if (state.ended()) {
            return false;
        }
        state = last;
        outcome = came;
        error = wrong;
        endedMillis = System.currentTimeMillis();
        if (last == JobState.COMPLETED) {
            doneBytes = totalBytes;
        }
        notifyAll();
        return true;
    }

    /** Asks it to end; false where it has ended. */
    synchronized boolean askToCancel() {
        if (state.ended()) {
            return false;
        }
        cancelling = true;
        notifyAll();
        return true;
    }

    /** Asks it for its last step; false where it is not ready for it. */
    synchronized boolean askToComplete() {
        if (state != JobState.READY) {
            return false;
        }
        completing = true;
        notifyAll();
        return true;
    }

    /** Tells how far it has come, without a look at whether it was called off. */
    public synchronized void note(long done, long total) {
        doneBytes = done;
        totalBytes = total;
        speed.sample(nanoClock.getAsLong(), done);
    }

    @Override
    public void advance(long doneUnits, long totalUnits) {
        note(doneUnits, totalUnits);
        checkCancelled();
    }

    @Override
    public synchronized boolean isCancelled() {
        return cancelling;
    }

    @Override
    public synchronized void ready() {
        if (state == JobState.RUNNING) {
            state = JobState.READY;
            notifyAll();
        }
    }

    @Override
    public synchronized boolean isCompleting() {
        return completing;
    }

    @Override
    public synchronized void pause(long millis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis; left > 0 && !cancelling && !completing; left = millisUntil(deadline)) {
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                cancelling = true;
            }
        }
        checkCancelled();
    }

    /** Waits until it has ended; false where it has not within {@code millis} milliseconds. */
    synchronized boolean awaitEnd(long millis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis; left > 0 && !state.ended(); left = millisUntil(deadline)) {
            wait(left);
        }
        return state.ended();
    }

    private static long millisUntil(long deadlineNanos) {
        return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    }
}
