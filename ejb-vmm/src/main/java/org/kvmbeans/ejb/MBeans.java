package org.kvmbeans.ejb;

import java.lang.management.ManagementFactory;
import java.util.Set;
import java.util.TreeSet;
import javax.management.InstanceNotFoundException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VcpuMXBean;
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
