package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ObjectNames;

/** The host: what it is and has, and the definition of new virtual machines. */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class HostService {
    /** The host at a glance. */
    @RolesAllowed(Roles.VIEWER)
    public HostSummary summary() throws InstanceNotFoundException {
        HostMXBean host = MBeans.host();
        return new HostSummary(
                host.getKvmFlavor(),
                host.getKvmUnavailableReason(),
                host.getKvmApiVersion(),
                host.getMaxVcpusPerVm(),
                host.getVersion(),
                host.getHostName(),
                host.getKernelRelease(),
                host.getHome(),
                host.getCpuCount(),
                host.getCpuLoad(),
                host.getMemoryTotalBytes(),
                host.getMemoryAvailableBytes(),
                host.getVirtualMachineCount(),
                host.getRunningVirtualMachineCount());
    }

    /**
     * Defines a virtual machine.
     *
     * @param json the definition
     * @return the name of the virtual machine
     * @throws RefusedException where the definition is refused, with the key's path and what would be right
     */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public String defineVm(String json) throws InstanceNotFoundException {
        return ObjectNames.property(MBeans.host().defineVm(json), "vm");
    }
}
