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

    @Description("The pools of disk images, by name")
    ObjectName[] getImageStores();

    @Description("The jobs on disk images, those that have ended lately among them, by number")
    ObjectName[] getJobs();

    @Description("Jobs that have begun and not ended")
    int getRunningJobCount();

    @Description(
            "Where images may lie: POOLS, DEFINITIONS (what a definition says may lie anywhere, what an image leads to "
                    + "in a pool) or ANYWHERE")
    DiskPathPolicy getDiskPathPolicy();

    @Description("The names of the secrets that are kept for encrypted images")
    String[] getSecretNames();

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

    /**
     * Makes a directory a pool of disk images.
     *
     * @return the name of its MBean
     * @throws IllegalArgumentException where a value is refused; the message names it and what would be right
     */
    @Description("Makes a directory of the host a pool of disk images; the directory is made where it is missing")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName addPool(
            @ParameterName("name") @Description("What the pool is to be called") String name,
            @ParameterName("path") @Description("Absolute path of the directory") String path,
            @ParameterName("quotaBytes")
                    @Description("The most that its files may take; 0: as much as the file system has")
                    @Unit("bytes")
                    long quotaBytes,
            @ParameterName("backingDirectories")
                    @Description("Further directories that backing files may be in, absolute, with a colon between two")
                    String backingDirectories);

    /**
     * Forgets a pool; its directory and files stay.
     *
     * @throws IllegalStateException where a job works in it
     */
    @Description("Forgets a pool: its directory and files stay as they are")
    @OperationImpact(Impact.ACTION)
    void removePool(@ParameterName("name") @Description("The pool") String name);

    /** Changes the rule of {@link #getDiskPathPolicy}, for definitions and starts to come. */
    @Description("Changes where images may lie, for definitions and starts to come")
    @OperationImpact(Impact.ACTION)
    void changeDiskPathPolicy(@ParameterName("policy") @Description("POOLS, DEFINITIONS or ANYWHERE") String policy);

    /**
     * Keeps a secret for encrypted images, in a file that its owner alone can read; one of that name is replaced.
     *
     * @throws IllegalArgumentException where the name or the secret is not right
     */
    @Description("Keeps a passphrase for encrypted images under a name; it can be used and replaced, not read")
    @OperationImpact(Impact.ACTION)
    void defineSecret(
            @ParameterName("name") @Description("What it is to be called") String name,
            @ParameterName("value") @Description("The passphrase, 1 to 512 characters") String value);

    /** Forgets a secret. Images that it opened stay encrypted. */
    @Description("Forgets a secret: what it opened can then be opened no more, unless somebody knows it")
    @OperationImpact(Impact.ACTION)
    void removeSecret(@ParameterName("name") @Description("The secret") String name);
}
