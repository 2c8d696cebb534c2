package org.kvmbeans.mbeans;

/**
 * How far a job has come, read together.
 *
 * @param state where it stands
 * @param doneBytes bytes that it has worked through
 * @param totalBytes bytes that it has to work through, as far as it knows; 0 while it does not
 * @param bytesPerSecond how fast it has been lately
 * @param remainingMillis milliseconds that the rest will take at that speed; -1 where that is not known
 */
public record JobProgress(JobState state, long doneBytes, long totalBytes, long bytesPerSecond, long remainingMillis) {}
