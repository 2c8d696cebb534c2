package org.kvmbeans.export;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.NotificationBroadcasterSupport;
import javax.management.ObjectName;
import org.kvmbeans.export.jmx.DescribedMBean;
import org.kvmbeans.export.jmx.Notifications;
import org.kvmbeans.export.storage.DiskUse;
import org.kvmbeans.machine.LifecycleChange;
import org.kvmbeans.machine.MachineListener;
import org.kvmbeans.machine.Vcpu;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.VmState;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.DeviceKind;
import org.kvmbeans.mbeans.DeviceState;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VcpuMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmDeviceEvent;
import org.kvmbeans.mbeans.VmLifecycleEvent;

/**
 * A VM of a host and its MBeans, which are there from its definition to its end, whether it runs or not; those of devices
 * and vCPUs as long as the VM has them.
 */
final class ManagedVm {
    private static final String[] LIFECYCLE_TYPES = {
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
    private final Notifications notifications;
    private final Notifications.Source source;
    private final DeviceBeans deviceBeans;
    private final NotificationBroadcasterSupport silent = new NotificationBroadcasterSupport();

    /** Guards the two fields below: parts come and go on any thread. */
    private final Object registration = new Object();

    private final Map<ObjectName, DescribedMBean<?>> beans = new LinkedHashMap<>();
    private boolean registered;

    ManagedVm(VirtualMachine vm, ManagedHost host, MBeanServer server, Notifications notifications) {
        this.vm = vm;
        this.server = server;
        this.notifications = notifications;
        this.source = new Notifications.Source(
                objectName(),
                Notifications.lifecycle(LIFECYCLE_TYPES),
                Notifications.device(
                        NotificationTypes.DEVICE_ADDED,
                        NotificationTypes.DEVICE_REMOVED,
                        NotificationTypes.DEVICE_ERROR));
        this.deviceBeans = new DeviceBeans(vm, host.images());
        VirtualMachineBean bean = new VirtualMachineBean(vm, () -> host.undefine(this), disk -> host.addDisk(vm, disk));
        beans.put(objectName(), new DescribedMBean<>(bean, VirtualMachineMXBean.class, source));
        vm.vcpus().forEach(vcpu -> beans.putAll(vcpuBean(vcpu)));
        beans.put(
                ObjectNames.serialPort(name(), SerialPortBean.NAME),
                new DescribedMBean<>(new SerialPortBean(vm), SerialPortMXBean.class, silent));
        vm.devices().forEach(device -> beans.putAll(deviceBeans.of(device)));
        vm.addListener(this::changed);
        vm.addListener(new PartsListener());
    }

    private Map<ObjectName, DescribedMBean<?>> vcpuBean(Vcpu vcpu) {
        return Map.of(
                ObjectNames.vcpu(name(), vcpu.id()),
                new DescribedMBean<>(new VcpuBean(vcpu), VcpuMXBean.class, silent));
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

    /** Its disks, and whether their images are open. */
    List<DiskUse> diskUses() {
        VmState state = vm.state();
        boolean on = state != VmState.STOPPED && state != VmState.CRASHED;
        return vm.definition().devices().disks().stream()
                .map(disk -> new DiskUse(name(), disk.name(), disk.path(), on))
                .toList();
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

    /** Keeps the MBeans as the machine's parts are. */
    private final class PartsListener implements MachineListener {
        @Override
        public void deviceAdded(VmDevice device) {
            add(deviceBeans.of(device));
            send(NotificationTypes.DEVICE_ADDED, device, "");
        }

        @Override
        public void deviceRemoved(VmDevice device) {
            remove(deviceBeans.of(device));
            send(NotificationTypes.DEVICE_REMOVED, device, "");
        }

        @Override
        public void deviceFailed(VmDevice device) {
            send(NotificationTypes.DEVICE_ERROR, device, device.lastError());
        }

        @Override
        public void vcpuAdded(Vcpu vcpu) {
            add(vcpuBean(vcpu));
        }

        @Override
        public void vcpuRemoved(Vcpu vcpu) {
            remove(vcpuBean(vcpu));
        }

        private void send(String type, VmDevice device, String detail) {
            notifications.send(
                    source,
                    type,
                    new VmDeviceEvent(
                            name(),
                            device.name(),
                            DeviceKind.valueOf(device.kind().name()),
                            DeviceState.valueOf(device.state().name()),
                            detail));
        }
    }

    private void add(Map<ObjectName, DescribedMBean<?>> more) {
        synchronized (registration) {
            beans.putAll(more);
            if (registered) {
                registerAll(more);
            }
        }
    }

    private void remove(Map<ObjectName, DescribedMBean<?>> gone) {
        synchronized (registration) {
            beans.keySet().removeAll(gone.keySet());
            if (registered) {
                gone.keySet().forEach(this::unregister);
            }
        }
    }

    /** Registers every bean, or none. */
    void register() {
        synchronized (registration) {
            registerAll(beans);
            registered = true;
        }
    }

    private void registerAll(Map<ObjectName, DescribedMBean<?>> all) {
        Map<ObjectName, DescribedMBean<?>> done = new LinkedHashMap<>();
        try {
            for (Map.Entry<ObjectName, DescribedMBean<?>> bean : all.entrySet()) {
                server.registerMBean(bean.getValue(), bean.getKey());
                done.put(bean.getKey(), bean.getValue());
            }
        } catch (JMException e) {
            done.keySet().forEach(this::unregister);
            throw new IllegalStateException(
                    "the MBeans of VM " + name() + " could not be registered: " + e.getMessage(), e);
        }
    }

    /** Unregisters every bean. */
    void unregister() {
        synchronized (registration) {
            registered = false;
            beans.keySet().forEach(this::unregister);
        }
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
