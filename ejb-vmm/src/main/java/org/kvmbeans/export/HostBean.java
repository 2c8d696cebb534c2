package org.kvmbeans.export;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.storage.ImageStores;
import org.kvmbeans.export.storage.PoolConfiguration;
import org.kvmbeans.kvm.KvmProbe;
import org.kvmbeans.mbeans.DiskPathPolicy;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.KvmFlavor;

/** This machine for its operators. What KVM offers is found out once, when the host is opened. */
final class HostBean implements HostMXBean {
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private final ManagedHost host;
    private final ImageStores images;
    private final KvmProbe probe;
    private final HostUsage usage;
    private final String version = readVersion();
    private final String hostName = readHostName();

    HostBean(ManagedHost host, KvmProbe probe, HostUsage usage) {
        this.host = host;
        this.images = host.images();
        this.probe = probe;
        this.usage = usage;
    }

    private static String readVersion() {
        Properties properties = new Properties();
        try (InputStream file = HostBean.class.getResourceAsStream("version.properties")) {
            if (file != null) {
                properties.load(file);
            }
        } catch (IOException e) {
            return "unknown";
        }
        return properties.getProperty("version", "unknown");
    }

    private static String readHostName() {
        try {
            return Files.readString(HOST_NAME).strip();
        } catch (IOException e) {
            return "localhost";
        }
    }

    @Override
    public KvmFlavor getKvmFlavor() {
        return KvmFlavor.valueOf(probe.flavor().name());
    }

    @Override
    public String getKvmUnavailableReason() {
        return probe.unavailableReason();
    }

    @Override
    public int getKvmApiVersion() {
        return probe.apiVersion();
    }

    @Override
    public int getMaxVcpusPerVm() {
        return probe.maxVcpus();
    }

    @Override
    public String getVersion() {
        return version;
    }

    @Override
    public String getHostName() {
        return hostName;
    }

    @Override
    public String getKernelRelease() {
        return System.getProperty("os.version", "unknown");
    }

    @Override
    public String getHome() {
        return host.home().toString();
    }

    @Override
    public int getCpuCount() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public double getCpuLoad() {
        return usage.cpuLoad();
    }

    @Override
    public long getMemoryTotalBytes() {
        return usage.memoryTotalBytes();
    }

    @Override
    public long getMemoryAvailableBytes() {
        return usage.memoryAvailableBytes();
    }

    @Override
    public int getVirtualMachineCount() {
        return host.names().size();
    }

    @Override
    public int getRunningVirtualMachineCount() {
        return host.runningCount();
    }

    @Override
    public ObjectName[] getVirtualMachines() {
        return host.names().toArray(ObjectName[]::new);
    }

    @Override
    public ObjectName defineVm(@Nullable String json) {
        if (json == null) {
            throw new IllegalArgumentException("json is null; give the definition as one JSON object");
        }
        return host.define(json);
    }

    @Override
    public ObjectName[] getImageStores() {
        return images.names().toArray(ObjectName[]::new);
    }

    @Override
    public ObjectName[] getJobs() {
        return images.jobs().all().stream().map(Job::objectName).toArray(ObjectName[]::new);
    }

    @Override
    public int getRunningJobCount() {
        return (int) images.jobs().all().stream()
                .filter(job -> job.state() == JobState.RUNNING || job.state() == JobState.READY)
                .count();
    }

    @Override
    public DiskPathPolicy getDiskPathPolicy() {
        return images.policy();
    }

    @Override
    public String[] getSecretNames() {
        return images.secretNames().toArray(String[]::new);
    }

    @Override
    public ObjectName addPool(String name, String path, long quotaBytes, String backingDirectories) {
        if (quotaBytes < 0) {
            throw new IllegalArgumentException("quotaBytes is " + quotaBytes + "; give 0 for none, or more");
        }
        List<Path> backing = new ArrayList<>();
        for (String directory : backingDirectories.split(":", -1)) {
            if (!directory.isBlank()) {
                backing.add(absolute("backingDirectories", directory));
            }
        }
        return images.addPool(new PoolConfiguration(name, absolute("path", path), quotaBytes, backing));
    }

    private static Path absolute(String key, String text) {
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            // refused below, like any other text that is no absolute path
        }
        throw new IllegalArgumentException(key + " is \"" + text + "\"; give an absolute path");
    }

    @Override
    public void removePool(String name) {
        images.removePool(name);
    }

    @Override
    public void changeDiskPathPolicy(String policy) {
        images.changePolicy(policy);
    }

    @Override
    public void defineSecret(String name, String value) {
        images.defineSecret(name, value);
    }

    @Override
    public void removeSecret(String name) {
        images.removeSecret(name);
    }
}
