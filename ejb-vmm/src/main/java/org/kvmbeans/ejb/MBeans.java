package org.kvmbeans.ejb;

import java.lang.management.ManagementFactory;
import java.util.Set;
import java.util.TreeSet;
import javax.management.InstanceNotFoundException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VcpuMXBean;
import org.kvmbeans.mbeans.VirtQueueMXBean;
import org.kvmbeans.mbeans.VirtioDeviceAttributes;
import org.kvmbeans.mbeans.VirtualMachineMXBean;

/** Proxies of the MBeans: the only way from the services to a virtual machine. */
final class MBeans {
    private MBeans() {}

    static MBeanServer server() {
        return ManagementFactory.getPlatformMBeanServer();
    }

    static HostMXBean host() throws InstanceNotFoundException {
        return proxy(ObjectNames.host(), HostMXBean.class);
    }

    static VirtualMachineMXBean virtualMachine(String vm) throws InstanceNotFoundException {
        return proxy(ObjectNames.virtualMachine(vm), VirtualMachineMXBean.class);
    }

    static SerialPortMXBean serialPort(String vm, String port) throws InstanceNotFoundException {
        return proxy(ObjectNames.serialPort(vm, port), SerialPortMXBean.class);
    }

    static VirtualMachineMXBean virtualMachine(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, VirtualMachineMXBean.class);
    }

    static VcpuMXBean vcpu(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, VcpuMXBean.class);
    }

    static SerialPortMXBean serialPort(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, SerialPortMXBean.class);
    }

    static DiskMXBean disk(String vm, String disk) throws InstanceNotFoundException {
        return proxy(ObjectNames.disk(vm, disk), DiskMXBean.class);
    }

    static NicMXBean nic(String vm, String nic) throws InstanceNotFoundException {
        return proxy(ObjectNames.nic(vm, nic), NicMXBean.class);
    }

    static BalloonMXBean balloon(String vm) throws InstanceNotFoundException {
        return proxy(ObjectNames.balloon(vm), BalloonMXBean.class);
    }

    static DiskMXBean disk(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, DiskMXBean.class);
    }

    static NicMXBean nic(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, NicMXBean.class);
    }

    static BalloonMXBean balloon(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, BalloonMXBean.class);
    }

    static VirtQueueMXBean virtQueue(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, VirtQueueMXBean.class);
    }

    static ImageStoreMXBean imageStore(String pool) throws InstanceNotFoundException {
        return proxy(ObjectNames.imageStore(pool), ImageStoreMXBean.class);
    }

    static ImageMXBean image(String pool, String image) throws InstanceNotFoundException {
        return proxy(ObjectNames.image(pool, image), ImageMXBean.class);
    }

    /** The job of a number, whether it is a pool's or a VM's. */
    static JobMXBean job(long id) throws InstanceNotFoundException {
        for (ObjectName name : names(ObjectNames.jobOfId(id))) {
            return proxy(name, JobMXBean.class);
        }
        throw new InstanceNotFoundException("job " + id);
    }

    static ImageStoreMXBean imageStore(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, ImageStoreMXBean.class);
    }

    static ImageMXBean image(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, ImageMXBean.class);
    }

    static JobMXBean job(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, JobMXBean.class);
    }

    /** A device of any kind, as far as all are alike. */
    static VirtioDeviceAttributes device(ObjectName name) {
        return JMX.newMXBeanProxy(server(), name, VirtioDeviceAttributes.class);
    }

    /** The names that match a pattern, in order. */
    static Set<ObjectName> names(ObjectName pattern) {
        return new TreeSet<>(server().queryNames(pattern, null));
    }

    private static <T> T proxy(ObjectName name, Class<T> type) throws InstanceNotFoundException {
        if (!server().isRegistered(name)) {
            throw new InstanceNotFoundException(name.toString());
        }
        return JMX.newMXBeanProxy(server(), name, type);
    }
}
