package org.kvmbeans.mbeans;

import java.util.Map;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * Long work on disk images: {@code org.kvmbeans:type=Job,pool=POOL,id=42}, or {@code org.kvmbeans:type=Job,vm=NAME,id=42} where
 * it works on the disk of a VM. No two jobs of a host have the same number.
 *
 * <p>A job stays for a while after its end, so that what came of it can be read: an hour, where not too many others end.
 */
@Description("Long work on a disk image")
public interface JobMXBean {
    @Description("The number, unique on this host since the server's start")
    long getId();

    @Description("What it does, for example CREATE or CONVERT")
    JobKind getKind();

    @Description("What it works on: an image as POOL/FILE, or a disk as VM/DISK")
    String getSubject();

    @Description(
            "The MBean of what it works on; for an image that is being made, it is there when the job has completed")
    ObjectName getTarget();

    @Description("WAITING, RUNNING, READY (complete() ends it), COMPLETED, FAILED or CANCELLED")
    JobState getState();

    @Description("Part of the work that is done, 0.0 to 1.0")
    double getProgress();

    @Description("What it has worked through")
    @Unit("bytes")
    long getDoneBytes();

    @Description("What it has to work through, as far as it knows; 0 while it does not")
    @Unit("bytes")
    long getTotalBytes();

    @Description("How fast it has been lately")
    @Unit("bytes per second")
    long getBytesPerSecond();

    @Description("Time that the rest will take at that speed; -1 where that is not known")
    @Unit("milliseconds")
    long getRemainingMillis();

    @Description("State, progress and speed, read together")
    JobProgress getStatus();

    @Description("When it was asked for, since 1970-01-01 UTC")
    @Unit("milliseconds")
    long getCreatedMillis();

    @Description("When it began, since 1970-01-01 UTC; 0 where it has not")
    @Unit("milliseconds")
    long getStartedMillis();

    @Description("When it ended, since 1970-01-01 UTC; 0 where it has not")
    @Unit("milliseconds")
    long getEndedMillis();

    @Description("What went wrong, and what would be right; empty when nothing did")
    String getError();

    @Description("What came of it, in a sentence; empty while it runs, and where there is nothing to say")
    String getResult();

    @Description(
            "What came of it, in figures by name, for example leaked clusters of a check; empty where there are none")
    Map<String, Long> getFigures();

    /**
     * Calls the job off; returns at once, and the job ends at the next place where nothing is left half-done. What it made so
     * far is removed.
     *
     * @throws IllegalStateException where it has ended
     */
    @Description(
            "Calls it off: it ends at the next place where that leaves nothing half-done, and removes what it made")
    @OperationImpact(Impact.ACTION)
    void cancel();

    /**
     * Lets a job that is {@link JobState#READY} do its last step.
     *
     * @throws IllegalStateException where it is not ready
     */
    @Description("Lets a job that is READY do its last step, and end")
    @OperationImpact(Impact.ACTION)
    void complete();
}
