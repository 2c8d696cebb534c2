package org.kvmbeans.export.job;

import java.io.IOException;

/** What a job does, on a thread of its own. */
@FunctionalInterface
public interface JobTask {
    /**
     * Does the work. Where it fails or is called off, nothing that it made is left behind.
     *
     * @return what came of it
     * @throws java.util.concurrent.CancellationException where {@link JobControl} said that it was called off
     * @throws IOException where it cannot be done; the message is for a person
     */
    JobOutcome run(JobControl control) throws IOException;
}
