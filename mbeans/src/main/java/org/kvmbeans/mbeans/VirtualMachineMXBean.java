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

    @Description("vCPUs of the VM: those that it starts with, or that are plugged in")
    int getVcpuCount();

    @Description("The most vCPUs that can be plugged in")
    int getMaxVcpuCount();

    @Description("How the guest sees the vCPUs that can be plugged in: sockets, cores of each, threads of each")
    CpuTopology getTopology();

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

    @Description("The MBeans of the disks, in the order of the definition")
    ObjectName[] getDisks();

    @Description("The MBeans of the network interfaces, in the order of the definition")
    ObjectName[] getNics();

    @Description("The MBeans of the ports of the virtio console, in the order of the definition")
    ObjectName[] getConsolePorts();

    @Description("The MBeans of all virtio devices, disks and network interfaces among them")
    ObjectName[] getDevices();

    @Description("The MBeans of the queues of all virtio devices")
    ObjectName[] getQueues();

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

    /**
     * Adds a disk to the definition, and to the guest where it runs.
     *
     * @return the name of its MBean
     * @throws IllegalArgumentException where the disk is refused; the message names the key and what would be right
     */
    @Description("Adds a disk to the definition and to a running guest, from one JSON object as in the definition, for "
            + "example {\"name\":\"vdb\",\"path\":\"/srv/data.raw\",\"format\":\"raw\"}")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName addDisk(@ParameterName("json") @Description("The disk as JSON") String json);

    /**
     * Removes a disk from the definition. A running guest is asked to give it back: this returns at once, the disk is
     * {@link DeviceState#REMOVING} until the guest has done so, and {@link NotificationTypes#DEVICE_REMOVED} tells.
     *
     * @throws IllegalArgumentException where there is no such disk
     */
    @Description(
            "Removes a disk from the definition; a running guest is asked to give it back, which takes as long as "
                    + "the guest takes: vm.device.removed tells, and State of the disk is REMOVING until then. The image is kept")
    @OperationImpact(Impact.ACTION)
    void removeDisk(@ParameterName("name") @Description("The name of the disk") String name);

    /**
     * Adds a network interface to the definition, and to the guest where it runs.
     *
     * @return the name of its MBean
     * @throws IllegalArgumentException where it is refused; the message names the key and what would be right
     */
    @Description("Adds a network interface to the definition and to a running guest, from one JSON object as in the "
            + "definition, for example {\"name\":\"eth1\",\"bridge\":\"br0\"}")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName addNic(@ParameterName("json") @Description("The network interface as JSON") String json);

    /** Removes a network interface; as {@link #removeDisk}. */
    @Description(
            "Removes a network interface from the definition; a running guest is asked to give it back, which takes "
                    + "as long as the guest takes: vm.device.removed tells, and State is REMOVING until then")
    @OperationImpact(Impact.ACTION)
    void removeNic(@ParameterName("name") @Description("The name of the network interface") String name);

    /**
     * Plugs vCPUs in or asks the guest to give some back, and keeps the number in the definition.
     *
     * @throws IllegalArgumentException where the number is not 1 to {@link #getMaxVcpuCount}
     */
    @Description("Plugs vCPUs in, or asks a running guest to give some back; VcpuCount follows, and the definition")
    @OperationImpact(Impact.ACTION)
    void changeVcpuCount(@ParameterName("count") @Description("vCPUs, 1 to MaxVcpuCount") int count);
}
