package org.kvmbeans.export;

import java.util.LinkedHashMap;
import java.util.Map;
import javax.management.NotificationBroadcasterSupport;
import javax.management.ObjectName;
import org.kvmbeans.export.jmx.DescribedMBean;
import org.kvmbeans.export.storage.ImageStores;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.device.DeviceKind;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.machine.device.VmBalloon;
import org.kvmbeans.machine.device.VmConsole;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.machine.device.VmDisk;
import org.kvmbeans.machine.device.VmNic;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.ConsoleMXBean;
import org.kvmbeans.mbeans.ConsolePortMXBean;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.RngMXBean;
import org.kvmbeans.mbeans.VirtQueueMXBean;
import org.kvmbeans.mbeans.VsockMXBean;

/** Makes the MBeans of a VM's virtio devices. */
final class DeviceBeans {
    private final VirtualMachine machine;
    private final ImageStores images;
    private final String vm;
    private final NotificationBroadcasterSupport silent = new NotificationBroadcasterSupport();

    /** @param images the pools, for operations on the images of disks */
    DeviceBeans(VirtualMachine machine, ImageStores images) {
        this.machine = machine;
        this.images = images;
        this.vm = machine.definition().name();
    }

    /** The name of a device's MBean. */
    static ObjectName nameOf(String vm, VmDevice device) {
        return switch (device.kind()) {
            case DISK -> ObjectNames.disk(vm, device.name());
            case NIC -> ObjectNames.nic(vm, device.name());
            case CONSOLE -> ObjectNames.console(vm);
            case BALLOON -> ObjectNames.balloon(vm);
            case RNG -> ObjectNames.rng(vm);
            case VSOCK -> ObjectNames.vsock(vm);
        };
    }

    /** The MBeans of a device, its queues and, for a console, its ports. */
    Map<ObjectName, DescribedMBean<?>> of(VmDevice device) {
        Map<ObjectName, DescribedMBean<?>> beans = new LinkedHashMap<>();
        beans.put(nameOf(vm, device), bean(device));
        for (QueueMonitor queue : device.queues()) {
            beans.put(
                    ObjectNames.virtQueue(vm, device.name(), queue.id()),
                    described(new VirtQueueBean(device, queue), VirtQueueMXBean.class));
        }
        if (device instanceof VmConsole console) {
            for (String port : console.portNames()) {
                beans.put(
                        ObjectNames.consolePort(vm, port),
                        described(new ConsolePortBean(machine, console, port), ConsolePortMXBean.class));
            }
        }
        return beans;
    }

    private DescribedMBean<?> bean(VmDevice device) {
        if (device instanceof VmDisk disk) {
            return described(new DiskBean(machine, disk, images), DiskMXBean.class);
        }
        if (device instanceof VmNic nic) {
            return described(new NicBean(machine, nic), NicMXBean.class);
        }
        if (device instanceof VmBalloon balloon) {
            return described(new BalloonBean(vm, balloon), BalloonMXBean.class);
        }
        if (device.kind() == DeviceKind.VSOCK) {
            return described(new VsockBean(machine, device), VsockMXBean.class);
        }
        if (device instanceof VmConsole console) {
            return described(new ConsoleBean(vm, console), ConsoleMXBean.class);
        }
        return described(new RngBean(vm, device), RngMXBean.class);
    }

    private <T> DescribedMBean<T> described(T bean, Class<T> contract) {
        return new DescribedMBean<>(bean, contract, silent);
    }
}
