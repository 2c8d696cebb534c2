package org.kvmbeans.export.job;

import java.util.Map;
import java.util.TreeMap;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobProgress;
import org.kvmbeans.mbeans.JobState;

/** A job for its operators. */
final class JobBean implements JobMXBean {
    private final Jobs jobs;
    private final Job job;

    JobBean(Jobs jobs, Job job) {
        this.jobs = jobs;
        this.job = job;
    }

    @Override
    public long getId() {
        return job.id();
    }

    @Override
    public JobKind getKind() {
        return job.request().kind();
    }

    @Override
    public String getSubject() {
        return job.request().subject();
    }

    @Override
    public ObjectName getTarget() {
        return job.request().target();
    }

    @Override
    public JobState getState() {
        return job.state();
    }

    @Override
    public double getProgress() {
        return job.fraction();
    }

    @Override
    public long getDoneBytes() {
        return job.progress().doneBytes();
    }

    @Override
    public long getTotalBytes() {
        return job.progress().totalBytes();
    }

    @Override
    public long getBytesPerSecond() {
        return job.progress().bytesPerSecond();
    }

    @Override
    public long getRemainingMillis() {
        return job.progress().remainingMillis();
    }

    @Override
    public JobProgress getStatus() {
        return job.progress();
    }

    @Override
    public long getCreatedMillis() {
        return job.createdMillis();
    }

    @Override
    public long getStartedMillis() {
        return job.startedMillis();
    }

    @Override
    public long getEndedMillis() {
        return job.endedMillis();
    }

    @Override
    public String getError() {
        return job.error();
    }

    @Override
    public String getResult() {
        return job.outcome().result();
    }

    @Override
    public Map<String, Long> getFigures() {
        return new TreeMap<>(job.outcome().figures());
    }

    @Override
    public void cancel() {
        jobs.cancel(job);
    }

    @Override
    public void complete() {
        if (!job.askToComplete()) {
            throw new IllegalStateException(
                    "job " + job.id() + " is " + job.state() + "; only a READY one has a last step");
        }
    }
}
