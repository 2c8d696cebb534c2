package org.kvmbeans.mbeans;

/** Dotted types of the notifications that the MBeans send; each prefix can be used in a filter. */
public final class NotificationTypes {
    /** Prefix of all that tell a change of {@code VirtualMachine.State}; user data: {@link VmLifecycleEvent}. */
    public static final String LIFECYCLE = "vm.lifecycle.";

    /** Sent by {@code Host}: a VM was defined. */
    public static final String DEFINED = LIFECYCLE + "defined";
    /** Sent by {@code Host}: a VM was undefined. */
    public static final String UNDEFINED = LIFECYCLE + "undefined";
    /** {@code STOPPED} or {@code CRASHED} to {@code STARTING}. */
    public static final String STARTING = LIFECYCLE + "starting";
    /** {@code STARTING} to {@code RUNNING}. */
    public static final String STARTED = LIFECYCLE + "started";
    /** {@code RUNNING} to {@code PAUSED}. */
    public static final String PAUSED = LIFECYCLE + "paused";
    /** {@code PAUSED} to {@code RUNNING}. */
    public static final String RESUMED = LIFECYCLE + "resumed";
    /** The machine was reset by its guest or an operator and runs on. */
    public static final String RESET = LIFECYCLE + "reset";
    /** Any state to {@code STOPPING}. */
    public static final String STOPPING = LIFECYCLE + "stopping";
    /** {@code STOPPING} to {@code STOPPED}. */
    public static final String STOPPED = LIFECYCLE + "stopped";
    /** {@code STOPPING} to {@code CRASHED}. */
    public static final String CRASHED = LIFECYCLE + "crashed";

    /** Prefix of all that tell something of a device, sent by its VM; user data: {@link VmDeviceEvent}. */
    public static final String DEVICE = "vm.device.";

    /** A device was added; its MBean is there. */
    public static final String DEVICE_ADDED = DEVICE + "added";
    /** A device is gone: given back by the guest, or removed while the VM was off. */
    public static final String DEVICE_REMOVED = DEVICE + "removed";
    /** A device failed: an error of the host, or a rule that its driver broke. */
    public static final String DEVICE_ERROR = DEVICE + "error";

    /** Prefix of all that tell something of a job, sent by the job and by {@code Host}; user data: {@link JobEvent}. */
    public static final String JOB = "job.";

    /** A job has begun; its MBean was there before. */
    public static final String JOB_STARTED = JOB + "started";
    /** A job waits for {@link JobMXBean#complete}. */
    public static final String JOB_READY = JOB + "ready";
    /** A job has done its work. */
    public static final String JOB_COMPLETED = JOB + "completed";
    /** A job could not do its work. */
    public static final String JOB_FAILED = JOB + "failed";
    /** A job was called off. */
    public static final String JOB_CANCELLED = JOB + "cancelled";

    private NotificationTypes() {}
}
