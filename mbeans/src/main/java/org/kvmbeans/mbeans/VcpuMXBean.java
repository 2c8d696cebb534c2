package org.kvmbeans.mbeans;

import java.util.Map;

/** One virtual CPU: {@code org.kvmbeans:type=Vcpu,vm=NAME,id=0}. Reading never waits for the vCPU. */
@Description("A virtual CPU")
public interface VcpuMXBean {
    @Description("Number of the vCPU in its VM, from 0; also its APIC id")
    int getId();

    @Description("STOPPED, RUNNING or PAUSED")
    VcpuState getState();

    @Description("Linux thread that runs the vCPU, as in top -H; 0 when stopped")
    long getThreadId();

    @Description("Host CPU time used by the vCPU thread since the start")
    @Unit("nanoseconds")
    long getCpuTimeNanos();

    @Description("Exits to the VMM since the start")
    long getExitsTotal();

    @Description("Time spent outside the guest to handle exits since the start")
    @Unit("nanoseconds")
    long getExitNanosTotal();

    @Description("Exits by reason: count, total and longest handling time in nanoseconds; reasons that occurred only")
    Map<String, ExitReasonStatistics> getExitStatistics();
}
