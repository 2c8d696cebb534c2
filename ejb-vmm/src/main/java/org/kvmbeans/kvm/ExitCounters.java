package org.kvmbeans.kvm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts and times the exits of one vCPU.
 *
 * <p>Only the vCPU's thread records; any thread reads, without waiting and without disturbing the writer. A reader may see
 * the count of an exit whose time it does not see yet.
 */
public final class ExitCounters {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int CELLS = 3;
    private static final int TOTAL = 1;
    private static final int MAX = 2;

    private final long[] cells = new long[ExitReason.LIMIT * CELLS];

    /** Records one exit; vCPU thread only. */
    public void record(ExitReason reason, long nanos) {
        int cell = reason.number() * CELLS;
        CELL.setOpaque(cells, cell, cells[cell] + 1);
        CELL.setOpaque(cells, cell + TOTAL, cells[cell + TOTAL] + nanos);
        if (nanos > cells[cell + MAX]) {
            CELL.setOpaque(cells, cell + MAX, nanos);
        }
    }

    /** All exits. */
    public long count() {
        return sum(0);
    }

    /** Nanoseconds outside the guest for all exits. */
    public long nanos() {
        return sum(TOTAL);
    }

    /** The reasons that occurred, by name. */
    public Map<String, ExitTotals> byReason() {
        Map<String, ExitTotals> totals = new TreeMap<>();
        for (ExitReason reason : ExitReason.values()) {
            int cell = reason.number() * CELLS;
            long count = (long) CELL.getOpaque(cells, cell);
            if (count > 0) {
                long total = (long) CELL.getOpaque(cells, cell + TOTAL);
                totals.put(reason.name(), new ExitTotals(count, total, (long) CELL.getOpaque(cells, cell + MAX)));
            }
        }
        return totals;
    }

    private long sum(int field) {
        long sum = 0;
        for (int cell = field; cell < cells.length; cell += CELLS) {
            sum += (long) CELL.getOpaque(cells, cell);
        }
        return sum;
    }
}
