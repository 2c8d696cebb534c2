package org.kvmbeans.ejb;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import javax.management.InstanceNotFoundException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.ejb.VmDevices.Balloon;
import org.kvmbeans.ejb.VmDevices.Device;
import org.kvmbeans.ejb.VmDevices.Disk;
import org.kvmbeans.ejb.VmDevices.Nic;
import org.kvmbeans.ejb.VmDevices.Queue;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.VirtQueueMXBean;
import org.kvmbeans.mbeans.VirtioDeviceAttributes;
import org.kvmbeans.mbeans.VirtualMachineMXBean;

/** Reads the device MBeans of one VM. A device that goes while it is read is left out. */
final class DeviceReader {
    private DeviceReader() {}

    static VmDevices read(VirtualMachineMXBean vm) {
        List<Disk> disks = new ArrayList<>();
        List<Nic> nics = new ArrayList<>();
        List<Balloon> balloons = new ArrayList<>();
        List<Device> others = new ArrayList<>();
        for (ObjectName name : vm.getDevices()) {
            switch (ObjectNames.property(name, "type")) {
                case "Disk" -> addIfThere(disks, name, DeviceReader::disk);
                case "Nic" -> addIfThere(nics, name, DeviceReader::nic);
                case "Balloon" -> addIfThere(balloons, name, DeviceReader::balloon);
                default -> addIfThere(others, name, other -> device(other, MBeans.device(other)));
            }
        }
        List<Queue> queues = new ArrayList<>();
        for (ObjectName name : vm.getQueues()) {
            addIfThere(queues, name, DeviceReader::queue);
        }
        return new VmDevices(disks, nics, first(balloons), others, queues);
    }

    private static @Nullable Balloon first(List<Balloon> balloons) {
        return balloons.isEmpty() ? null : balloons.get(0);
    }

    private static <T> void addIfThere(List<T> list, ObjectName name, Function<ObjectName, T> read) {
        try {
            list.add(read.apply(name));
        } catch (RuntimeException e) {
            if (!(Refusals.unwrapped(e) instanceof InstanceNotFoundException)) {
                throw e;
            }
        }
    }

    private static Device device(ObjectName name, VirtioDeviceAttributes device) {
        return new Device(
                ObjectNames.property(name, "type"),
                device.getName(),
                device.getState(),
                device.getLastError(),
                device.getFeatures(),
                Arrays.asList(device.getFeatureNames()));
    }

    private static Disk disk(ObjectName name) {
        DiskMXBean disk = MBeans.disk(name);
        return new Disk(
                device(name, disk),
                disk.getPath(),
                disk.getFormat(),
                disk.getCacheMode(),
                disk.isReadOnly(),
                disk.getSizeBytes(),
                disk.getAllocatedBytes(),
                disk.getUsage(),
                disk.getLatency(),
                disk.getLimits());
    }

    private static Nic nic(ObjectName name) {
        NicMXBean nic = MBeans.nic(name);
        return new Nic(
                device(name, nic),
                nic.getMacAddress(),
                nic.getBackend(),
                nic.getHostInterface(),
                nic.getBridge(),
                nic.isLinkUp(),
                nic.getMtuBytes(),
                nic.getUsage(),
                nic.getReceiveLimits(),
                nic.getTransmitLimits());
    }

    private static Balloon balloon(ObjectName name) {
        BalloonMXBean balloon = MBeans.balloon(name);
        return new Balloon(
                device(name, balloon),
                balloon.getTargetBytes(),
                balloon.getActualBytes(),
                balloon.getReportedFreeBytes(),
                balloon.getGuestStatistics());
    }

    private static Queue queue(ObjectName name) {
        VirtQueueMXBean queue = MBeans.virtQueue(name);
        return new Queue(
                queue.getDevice(),
                queue.getId(),
                queue.getSize(),
                queue.isEnabled(),
                queue.getRingFormat(),
                queue.getUsage());
    }
}
