package org.kvmbeans.mbeans;

import javax.management.ObjectName;
import org.kvmbeans.mbeans.OperationImpact.Impact;

/** This machine as a host of virtual machines: {@code org.kvmbeans:type=Host}. */
@Description("This machine as a host of virtual machines")
public interface HostMXBean {
    @Description("The kind of KVM: VMX, SVM, PVM (software, no stock Linux) or NONE")
    KvmFlavor getKvmFlavor();

    @Description("Why KVM cannot be used and what would help; empty when it can")
    String getKvmUnavailableReason();

    @Description("Version of the KVM interface; 12 on every kernel since 2.6.22, -1 without KVM")
    int getKvmApiVersion();

    @Description("The most vCPUs that KVM gives to one VM; 0 without KVM")
    int getMaxVcpusPerVm();

    @Description("Version of KVM Beans")
    String getVersion();

    @Description("The host's name")
    String getHostName();

    @Description("Release of the host's kernel")
    String getKernelRelease();

    @Description("The folder with definitions, credentials and caches")
    String getHome();

    @Description("Logical CPUs of the host")
    int getCpuCount();

    @Description("Part of the host's CPU time in use lately, 0.0 to 1.0; negative when not known")
    double getCpuLoad();

    @Description("Memory of the host")
    @Unit("bytes")
    long getMemoryTotalBytes();

    @Description("Memory that new work could use without swapping")
    @Unit("bytes")
    long getMemoryAvailableBytes();

    @Description("Virtual machines that are defined")
    int getVirtualMachineCount();

    @Description("Virtual machines that are running")
    int getRunningVirtualMachineCount();

    @Description("The virtual machines that are defined, by name")
    ObjectName[] getVirtualMachines();

    /**
     * Defines a virtual machine and keeps its definition under the home.
     *
     * @return the name of its MBean
     * @throws IllegalArgumentException where the definition is refused; the message names the key and what would be right
     */
    @Description(
            "Defines a VM from one JSON document, for example {\"name\":\"web01\",\"vcpus\":2,\"memory\":\"512MiB\","
                    + "\"kernel\":\"/boot/vmlinuz\",\"initrd\":\"/boot/initrd\",\"cmdline\":\"console=ttyS0\"}")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName defineVm(@ParameterName("json") @Description("The definition as JSON") String json);
}
