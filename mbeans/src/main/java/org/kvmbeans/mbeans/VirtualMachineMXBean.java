package org.kvmbeans.mbeans;

import javax.management.ObjectName;
import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * One virtual machine: {@code org.kvmbeans:type=VirtualMachine,vm=NAME}.
 *
 * <p>Operations may be called from any thread. One that does not fit the state throws {@link IllegalStateException}
 * whose message names the state and the operation that would fit.
 */
@Description("A virtual machine")
public interface VirtualMachineMXBean {
    @Description("The name, unique on this host")
    String getName();

    @Description("The UUID")
    String getUuid();

    @Description("STOPPED, STARTING, RUNNING, PAUSED, STOPPING or CRASHED")
    VmState getState();

    @Description("Why the VM last stopped; NONE when it has not")
    StopReason getStopReason();

    @Description("What went wrong last, and what to do about it; empty when nothing did")
    String getLastError();

    @Description("Time since the start; 0 when stopped")
    @Unit("milliseconds")
    long getUptimeMillis();

    @Description("vCPUs of the definition")
    int getVcpuCount();

    @Description("Memory of the definition")
    @Unit("bytes")
    long getMemoryBytes();

    @Description("Guest memory that the host has backed with pages")
    @Unit("bytes")
    long getMemoryResidentBytes();

    @Description("Host CPU time used by all vCPU threads since the start")
    @Unit("nanoseconds")
    long getCpuTimeNanos();

    @Description("Exits of all vCPUs to the VMM since the start")
    long getExitsTotal();

    @Description("Headline values that belong together")
    VmUsage getUsage();

    @Description("Process that runs the VM; 0 when stopped")
    long getPid();

    @Description("Whether the VM starts with the server")
    boolean isAutostart();

    @Description("Times the machine was reset since the start, by its guest or an operator")
    long getResetsTotal();

    @Description("Value that the guest last wrote to the isa-debug-exit test device; -1 when it has not")
    int getDebugExitStatus();

    @Description("The definition as JSON")
    String getDefinition();

    @Description("The MBeans of the vCPUs, by id")
    ObjectName[] getVcpus();

    @Description("The MBeans of the serial ports")
    ObjectName[] getSerialPorts();

    @Description("Starts a stopped or crashed VM; returns when its vCPUs run")
    @OperationImpact(Impact.ACTION)
    void start();

    @Description("Stops every vCPU where it is; returns when all are out of the guest")
    @OperationImpact(Impact.ACTION)
    void pause();

    @Description("Lets the vCPUs of a paused VM go on")
    @OperationImpact(Impact.ACTION)
    void resume();

    @Description("Presses the ACPI power button: the guest shuts down by itself if it listens")
    @OperationImpact(Impact.ACTION)
    void shutdown();

    @Description("Presses the reset button: the guest boots again, unsaved data is lost")
    @OperationImpact(Impact.ACTION)
    void reset();

    @Description("Pulls the plug: unsaved data of the guest is lost")
    @OperationImpact(Impact.ACTION)
    void powerOff();

    @Description("Forgets a stopped or crashed VM: its definition is deleted, its disks are kept")
    @OperationImpact(Impact.ACTION)
    void undefine();
}
