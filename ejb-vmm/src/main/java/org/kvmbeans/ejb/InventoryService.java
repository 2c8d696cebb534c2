package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.kvmbeans.ejb.VmDetail.SerialPort;
import org.kvmbeans.ejb.VmDetail.Vcpu;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VcpuMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmUsage;

/** The virtual machines: the list, one in detail, and every MBean of one. */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class InventoryService {
    /** All virtual machines, by name; one that is undefined meanwhile is left out. */
    @RolesAllowed(Roles.VIEWER)
    public List<VmSummary> list() {
        List<VmSummary> list = new ArrayList<>();
        for (ObjectName name : MBeans.names(ObjectNames.everyOfType("VirtualMachine"))) {
            try {
                list.add(summary(MBeans.virtualMachine(name)));
            } catch (RuntimeException e) {
                if (!(Refusals.unwrapped(e) instanceof InstanceNotFoundException)) {
                    throw e;
                }
            }
        }
        return list;
    }

    /** One virtual machine with its vCPUs, exit statistics, serial ports and devices. */
    @RolesAllowed(Roles.VIEWER)
    public VmDetail detail(String vm) throws InstanceNotFoundException {
        VirtualMachineMXBean machine = MBeans.virtualMachine(vm);
        return new VmDetail(
                summary(machine),
                machine.getPid(),
                machine.getResetsTotal(),
                machine.getDebugExitStatus(),
                machine.getDefinition(),
                Arrays.stream(machine.getVcpus())
                        .map(MBeans::vcpu)
                        .map(InventoryService::vcpu)
                        .toList(),
                Arrays.stream(machine.getSerialPorts())
                        .map(MBeans::serialPort)
                        .map(InventoryService::serialPort)
                        .toList(),
                machine.getMaxVcpuCount(),
                DeviceReader.read(machine));
    }

    /** Every MBean of one virtual machine with all its attributes, their descriptions and units. */
    @RolesAllowed(Roles.VIEWER)
    public List<MBeanView> mbeans(String vm) throws JMException {
        ObjectName machine = ObjectNames.virtualMachine(vm);
        if (!MBeans.server().isRegistered(machine)) {
            throw new InstanceNotFoundException(machine.toString());
        }
        return MBeanReader.readAll(MBeans.server(), MBeans.names(ObjectNames.everythingOf(vm)));
    }

    private static VmSummary summary(VirtualMachineMXBean vm) {
        VmUsage usage = vm.getUsage();
        return new VmSummary(
                vm.getName(),
                vm.getUuid(),
                usage.state(),
                vm.getStopReason(),
                vm.getLastError(),
                usage.uptimeMillis(),
                vm.getVcpuCount(),
                usage.memoryBytes(),
                usage.memoryResidentBytes(),
                usage.cpuTimeNanos(),
                usage.exitsTotal(),
                vm.isAutostart());
    }

    private static Vcpu vcpu(VcpuMXBean vcpu) {
        return new Vcpu(
                vcpu.getId(),
                vcpu.getState(),
                vcpu.getThreadId(),
                vcpu.getCpuTimeNanos(),
                vcpu.getExitsTotal(),
                vcpu.getExitNanosTotal(),
                vcpu.getExitStatistics());
    }

    private static SerialPort serialPort(SerialPortMXBean port) {
        return new SerialPort(
                port.getName(),
                port.getBytesReceived(),
                port.getBytesTransmitted(),
                port.getInputPendingBytes(),
                port.getInputCapacityBytes());
    }
}
