package org.kvmbeans.block.qcow2.check;

import org.kvmbeans.block.Progress;

/** The progress of work that goes over its material several times: each time is a stage of a thousand units. */
final class StagedProgress {
    private static final long STAGE_UNITS = 1000;

    private final Progress whole;
    private final int stages;
    private long done;

    StagedProgress(Progress whole, int stages) {
        this.whole = whole;
        this.stages = stages;
    }

    Progress stage(int number) {
        return (doneUnits, totalUnits) -> {
            long within = totalUnits == 0 ? 0 : (long) (STAGE_UNITS * ((double) doneUnits / totalUnits));
            done = Math.max(done, number * STAGE_UNITS + within);
            whole.advance(done, stages * STAGE_UNITS);
        };
    }
}
