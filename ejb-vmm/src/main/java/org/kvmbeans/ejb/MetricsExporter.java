package org.kvmbeans.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.annotation.security.PermitAll;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Schedule;
import jakarta.ejb.SessionContext;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.management.JMException;
import javax.management.MBeanServerDelegate;
import javax.management.MBeanServerNotification;
import javax.management.Notification;
import javax.management.NotificationListener;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * Gives each MBean of the host, its VMs and its disk images metrics while it is registered. They come and go with the MBean, by the MBean
 * server's own notifications; a timer finds exit reasons that occurred for the first time.
 */
@Singleton
@Startup
@DependsOn("HostRuntime")
@PermitAll
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class MetricsExporter {
    /** Shorter than any scrape interval, longer than one scrape of many VMs takes from one series to the next. */
    private static final Duration MAX_AGE = Duration.ofMillis(250);

    @Inject
    private MetricRegistry registry;

    @Resource
    private SessionContext session;

    private final Map<ObjectName, Series> series = new HashMap<>();
    private final Map<ObjectName, VcpuMetrics> vcpus = new HashMap<>();
    private final NotificationListener listener = (notification, handback) -> follow(notification);

    @PostConstruct
    void open() {
        try {
            MBeans.server()
                    .addNotificationListener(
                            MBeanServerDelegate.DELEGATE_NAME, listener, MetricsExporter::isOurs, null);
            MBeans.names(new ObjectName(ObjectNames.DOMAIN + ":*")).forEach(this::add);
        } catch (JMException e) {
            throw new IllegalStateException("every MBean server has a delegate", e);
        }
        refresh();
    }

    @PreDestroy
    synchronized void close() {
        try {
            MBeans.server().removeNotificationListener(MBeanServerDelegate.DELEGATE_NAME, listener);
        } catch (JMException e) {
            throw new IllegalStateException("the listener was added when the bean was made", e);
        } finally {
            series.values().forEach(Series::removeAll);
            vcpus.values().forEach(VcpuMetrics::removeAll);
        }
    }

    /** Gives an MBean its metrics; one that has them keeps them. */
    public synchronized void add(ObjectName name) {
        switch (ObjectNames.property(name, "type")) {
            case "Host" -> series.computeIfAbsent(name, host -> HostMetrics.register(registry, host, MAX_AGE));
            case "VirtualMachine" -> series.computeIfAbsent(name, vm -> VmMetrics.registerVm(registry, vm, MAX_AGE));
            case "SerialPort" -> series.computeIfAbsent(name, port -> VmMetrics.registerSerialPort(registry, port));
            case "Disk" -> series.computeIfAbsent(name, disk -> DiskMetrics.register(registry, disk, MAX_AGE));
            case "Nic" -> series.computeIfAbsent(name, nic -> DeviceMetrics.registerNic(registry, nic, MAX_AGE));
            case "VirtQueue" ->
                series.computeIfAbsent(name, queue -> DeviceMetrics.registerQueue(registry, queue, MAX_AGE));
            case "Balloon" ->
                series.computeIfAbsent(name, balloon -> DeviceMetrics.registerBalloon(registry, balloon, MAX_AGE));
            case "ImageStore" ->
                series.computeIfAbsent(name, pool -> StorageMetrics.registerPool(registry, pool, MAX_AGE));
            case "Image" -> series.computeIfAbsent(name, image -> StorageMetrics.registerImage(registry, image));
            case "Job" -> series.computeIfAbsent(name, job -> StorageMetrics.registerJob(registry, job, MAX_AGE));
            case "Vcpu" -> vcpus.computeIfAbsent(name, vcpu -> new VcpuMetrics(registry, vcpu, MAX_AGE));
            default -> {
                // an MBean without metrics
            }
        }
    }

    /** Takes an MBean's metrics away. */
    public synchronized void remove(ObjectName name) {
        Series gone = series.remove(name);
        if (gone != null) {
            gone.removeAll();
        }
        VcpuMetrics vcpu = vcpus.remove(name);
        if (vcpu != null) {
            vcpu.removeAll();
        }
    }

    /** Adds the exit reasons that occurred since the last time. */
    @Schedule(hour = "*", minute = "*", second = "*/5", persistent = false, info = "new exit reasons")
    public synchronized void refresh() {
        vcpus.values().forEach(VcpuMetrics::refresh);
    }

    private static boolean isOurs(Notification notification) {
        return notification instanceof MBeanServerNotification change
                && change.getMBeanName().getDomain().equals(ObjectNames.DOMAIN);
    }

    /** Goes through the container, since the metrics belong to the application that its thread is in. */
    private void follow(Notification notification) {
        MBeanServerNotification change = (MBeanServerNotification) notification;
        MetricsExporter self = session.getBusinessObject(MetricsExporter.class);
        if (change.getType().equals(MBeanServerNotification.REGISTRATION_NOTIFICATION)) {
            self.add(change.getMBeanName());
        } else {
            self.remove(change.getMBeanName());
        }
    }
}
