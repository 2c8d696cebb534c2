package org.kvmbeans.machine;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.kvm.ExitCounters;
import org.kvmbeans.kvm.ExitTotals;

/**
 * A vCPU as its operators see it: the same one over resets, restarts and stops.
 *
 * <p>Every reading is cheap, waits for nobody, and may be made from any thread.
 */
public final class Vcpu {
    private final int id;
    private volatile ExitCounters counters = new ExitCounters();
    private volatile Running running = new Running(null, 0);

    /**
     * What runs it, replaced as a whole so that readings never go back.
     *
     * @param thread the present thread
     * @param earlierCpuNanos CPU time of the threads that ran it before, since the start
     */
    private record Running(@Nullable VcpuThread thread, long earlierCpuNanos) {}

    Vcpu(int id) {
        this.id = id;
    }

    /** Its number in the machine, and its APIC id. */
    public int id() {
        return id;
    }

    public VcpuState state() {
        VcpuThread current = running.thread();
        return current == null ? VcpuState.STOPPED : current.state();
    }

    /** The Linux thread that runs it; 0 when stopped. */
    public long threadId() {
        VcpuThread current = running.thread();
        return current == null ? 0 : current.threadId();
    }

    /** Host CPU nanoseconds since the start of the machine. */
    public long cpuTimeNanos() {
        Running present = running;
        VcpuThread current = present.thread();
        return present.earlierCpuNanos() + (current == null ? 0 : current.cpuNanos());
    }

    /** Exits since the start of the machine. */
    public long exitsTotal() {
        return counters.count();
    }

    /** Nanoseconds spent outside the guest to handle exits since the start of the machine. */
    public long exitNanosTotal() {
        return counters.nanos();
    }

    /** Exits by the name of their reason. */
    public Map<String, ExitTotals> exitTotals() {
        return counters.byReason();
    }

    /** Forgets what was counted: the machine is being started. */
    void startCounting() {
        counters = new ExitCounters();
        running = new Running(null, 0);
    }

    ExitCounters counters() {
        return counters;
    }

    void runBy(VcpuThread current) {
        running = new Running(current, running.earlierCpuNanos());
    }

    /** The present thread has ended. */
    void ranBy(VcpuThread ended) {
        running = new Running(null, running.earlierCpuNanos() + ended.cpuNanos());
    }
}
