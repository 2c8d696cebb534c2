package org.kvmbeans.export;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.NotificationBroadcasterSupport;
import javax.management.ObjectName;
import org.kvmbeans.machine.LifecycleChange;
import org.kvmbeans.machine.Vcpu;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VcpuMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmLifecycleEvent;

/** A VM of a host and its MBeans, which are there from its definition to its end, whether it runs or not. */
final class ManagedVm {
    private static final String[] NOTIFICATION_TYPES = {
        NotificationTypes.STARTING,
        NotificationTypes.STARTED,
        NotificationTypes.PAUSED,
        NotificationTypes.RESUMED,
        NotificationTypes.RESET,
        NotificationTypes.STOPPING,
        NotificationTypes.STOPPED,
        NotificationTypes.CRASHED
    };

    private final VirtualMachine vm;
    private final MBeanServer server;
    private final LifecycleNotifications notifications;
    private final LifecycleNotifications.Source source;
    private final Map<ObjectName, DescribedMBean<?>> beans = new LinkedHashMap<>();

    ManagedVm(VirtualMachine vm, ManagedHost host, MBeanServer server, LifecycleNotifications notifications) {
        this.vm = vm;
        this.server = server;
        this.notifications = notifications;
        this.source = new LifecycleNotifications.Source(objectName(), NOTIFICATION_TYPES);
        vm.addListener(this::changed);
        VirtualMachineBean bean = new VirtualMachineBean(vm, () -> host.undefine(this));
        beans.put(objectName(), new DescribedMBean<>(bean, VirtualMachineMXBean.class, source));
        NotificationBroadcasterSupport silent = new NotificationBroadcasterSupport();
        for (Vcpu vcpu : vm.vcpus()) {
            beans.put(
                    ObjectNames.vcpu(name(), vcpu.id()),
                    new DescribedMBean<>(new VcpuBean(vcpu), VcpuMXBean.class, silent));
        }
        beans.put(
                ObjectNames.serialPort(name(), SerialPortBean.NAME),
                new DescribedMBean<>(new SerialPortBean(vm), SerialPortMXBean.class, silent));
    }

    String name() {
        return vm.definition().name();
    }

    ObjectName objectName() {
        return ObjectNames.virtualMachine(name());
    }

    VirtualMachine vm() {
        return vm;
    }

    private void changed(LifecycleChange change) {
        notifications.send(
                source,
                NotificationTypes.LIFECYCLE + change.what(),
                new VmLifecycleEvent(
                        name(),
                        VirtualMachineBean.contractState(change.previous()),
                        VirtualMachineBean.contractState(change.state()),
                        VirtualMachineBean.contractReason(change.reason()),
                        change.detail()));
    }

    /** Registers every bean, or none. */
    void register() {
        List<ObjectName> registered = new ArrayList<>();
        try {
            for (Map.Entry<ObjectName, DescribedMBean<?>> bean : beans.entrySet()) {
                server.registerMBean(bean.getValue(), bean.getKey());
                registered.add(bean.getKey());
            }
        } catch (JMException e) {
            registered.forEach(this::unregister);
            throw new IllegalStateException(
                    "the MBeans of VM " + name() + " could not be registered: " + e.getMessage(), e);
        }
    }

    /** Unregisters every bean. */
    void unregister() {
        beans.keySet().forEach(this::unregister);
    }

    private void unregister(ObjectName name) {
        try {
            server.unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            // A client unregistered it: gone is what it has to be.
        } catch (JMException e) {
            throw new IllegalStateException(name + " could not be unregistered: " + e.getMessage(), e);
        }
    }
}
