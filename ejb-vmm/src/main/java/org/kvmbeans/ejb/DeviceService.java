package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.RateLimits;

/**
 * The devices of virtual machines. Operators change what a device does; what a VM has, and how much of the host it takes,
 * is the administrators'.
 */
@Stateless
@Interceptors({Refusals.class, AuditLog.class})
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class DeviceService {
    /**
     * Adds a disk to the definition, and to the guest where it runs.
     *
     * @param json the disk as in a definition
     * @return its name
     * @throws RefusedException where it is refused, with the key and what would be right
     */
    @RolesAllowed(Roles.ADMIN)
    public String addDisk(String vm, String json) throws InstanceNotFoundException {
        return ObjectNames.property(MBeans.virtualMachine(vm).addDisk(json), "name");
    }

    /** Removes a disk from the definition; a running guest is asked to give it back, which takes its time. */
    @RolesAllowed(Roles.ADMIN)
    public void removeDisk(String vm, String disk) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).removeDisk(disk);
    }

    /** Adds a network interface; as {@link #addDisk}. */
    @RolesAllowed(Roles.ADMIN)
    public String addNic(String vm, String json) throws InstanceNotFoundException {
        return ObjectNames.property(MBeans.virtualMachine(vm).addNic(json), "name");
    }

    /** Removes a network interface; as {@link #removeDisk}. */
    @RolesAllowed(Roles.ADMIN)
    public void removeNic(String vm, String nic) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).removeNic(nic);
    }

    /** Plugs vCPUs in, or asks a running guest to give some back. */
    @RolesAllowed(Roles.ADMIN)
    public void changeVcpuCount(String vm, int count) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).changeVcpuCount(count);
    }

    /** Changes the size of a disk, in bytes, and tells the guest. */
    @RolesAllowed(Roles.ADMIN)
    public void resizeDisk(String vm, String disk, long bytes) throws InstanceNotFoundException {
        MBeans.disk(vm, disk).resize(bytes);
    }

    /** Limits what a disk may move. */
    @RolesAllowed(Roles.OPERATOR)
    public void limitDisk(String vm, String disk, RateLimits limits) throws InstanceNotFoundException {
        MBeans.disk(vm, disk)
                .limit(
                        limits.bytesPerSecond(),
                        limits.burstBytes(),
                        limits.operationsPerSecond(),
                        limits.burstOperations());
    }

    /** Limits what the guest may receive through a network interface. */
    @RolesAllowed(Roles.OPERATOR)
    public void limitReceive(String vm, String nic, RateLimits limits) throws InstanceNotFoundException {
        MBeans.nic(vm, nic)
                .limitReceive(
                        limits.bytesPerSecond(),
                        limits.burstBytes(),
                        limits.operationsPerSecond(),
                        limits.burstOperations());
    }

    /** Limits what the guest may transmit through a network interface. */
    @RolesAllowed(Roles.OPERATOR)
    public void limitTransmit(String vm, String nic, RateLimits limits) throws InstanceNotFoundException {
        MBeans.nic(vm, nic)
                .limitTransmit(
                        limits.bytesPerSecond(),
                        limits.burstBytes(),
                        limits.operationsPerSecond(),
                        limits.burstOperations());
    }

    /** Plugs the cable of a network interface in. */
    @RolesAllowed(Roles.OPERATOR)
    public void linkUp(String vm, String nic) throws InstanceNotFoundException {
        MBeans.nic(vm, nic).linkUp();
    }

    /** Pulls the cable of a network interface. */
    @RolesAllowed(Roles.OPERATOR)
    public void linkDown(String vm, String nic) throws InstanceNotFoundException {
        MBeans.nic(vm, nic).linkDown();
    }

    /** Asks the guest to fill or empty its balloon to a size in bytes; 0: all memory is the guest's. */
    @RolesAllowed(Roles.OPERATOR)
    public void changeBalloonTarget(String vm, long bytes) throws InstanceNotFoundException {
        MBeans.balloon(vm).changeTarget(bytes);
    }
}
