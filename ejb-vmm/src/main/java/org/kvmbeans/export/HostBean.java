package org.kvmbeans.export;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.kvm.KvmProbe;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.KvmFlavor;

/** This machine for its operators. What KVM offers is found out once, when the host is opened. */
final class HostBean implements HostMXBean {
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private final ManagedHost host;
    private final KvmProbe probe;
    private final HostUsage usage;
    private final String version = readVersion();
    private final String hostName = readHostName();

    HostBean(ManagedHost host, KvmProbe probe, HostUsage usage) {
        this.host = host;
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
}
