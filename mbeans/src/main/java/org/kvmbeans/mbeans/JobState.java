package org.kvmbeans.mbeans;

/** Where a job stands. */
public enum JobState {
    /** It has not begun: as many jobs as the host runs at a time are running. */
    WAITING,
    /** It is at work. */
    RUNNING,
    /** All is copied and kept up to date; {@link JobMXBean#complete} or {@link JobMXBean#cancel} ends it. */
    READY,
    /** It has done its work. */
    COMPLETED,
    /** It could not do its work; {@link JobMXBean#getError} says why. */
    FAILED,
    /** It was called off. */
    CANCELLED;

    /** Whether it has ended. */
    public boolean ended() {
        return this == COMPLETED || this == FAILED || this == CANCELLED;
    }
}
