package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import javax.management.InstanceNotFoundException;

/** The life of virtual machines. An operation that does not fit the state is refused with the state and what would fit. */
@Stateless
@Interceptors({Refusals.class, AuditLog.class})
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class LifecycleService {
    /** Starts a stopped or crashed VM; returns when its vCPUs run. */
    @RolesAllowed(Roles.OPERATOR)
    public void start(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).start();
    }

    /** Stops every vCPU where it is. */
    @RolesAllowed(Roles.OPERATOR)
    public void pause(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).pause();
    }

    /** Lets a paused VM go on. */
    @RolesAllowed(Roles.OPERATOR)
    public void resume(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).resume();
    }

    /** Presses the power button: the guest shuts down by itself if it listens. */
    @RolesAllowed(Roles.OPERATOR)
    public void shutdown(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).shutdown();
    }

    /** Presses the reset button: unsaved data of the guest is lost. */
    @RolesAllowed(Roles.OPERATOR)
    public void reset(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).reset();
    }

    /** Pulls the plug: unsaved data of the guest is lost. */
    @RolesAllowed(Roles.OPERATOR)
    public void powerOff(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).powerOff();
    }

    /** Forgets a stopped or crashed VM; its disks are kept. */
    @RolesAllowed(Roles.ADMIN)
    public void undefine(String vm) throws InstanceNotFoundException {
        MBeans.virtualMachine(vm).undefine();
    }
}
