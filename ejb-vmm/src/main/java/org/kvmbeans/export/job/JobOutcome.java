package org.kvmbeans.export.job;

import java.util.Map;

/**
 * What came of a job.
 *
 * @param result a sentence for a person; empty where there is nothing to say
 * @param figures numbers by name
 */
public record JobOutcome(String result, Map<String, Long> figures) {
    /** Nothing beyond that it is done. */
    public static final JobOutcome DONE = new JobOutcome("", Map.of());

    /** A sentence alone. */
    public static JobOutcome of(String result) {
        return new JobOutcome(result, Map.of());
    }
}
