package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import java.util.List;
import javax.management.InstanceNotFoundException;

/** The jobs on disk images. */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class JobService {
    /** All jobs, those that have ended lately among them, the newest first. */
    @RolesAllowed(Roles.VIEWER)
    public List<StorageView.Job> list() throws InstanceNotFoundException {
        return StorageReader.jobs(MBeans.host());
    }

    /** Calls a job off. */
    @RolesAllowed(Roles.OPERATOR)
    @Interceptors(AuditLog.class)
    public void cancel(long id) throws InstanceNotFoundException {
        MBeans.job(id).cancel();
    }

    /** Lets a job that is ready do its last step. */
    @RolesAllowed(Roles.OPERATOR)
    @Interceptors(AuditLog.class)
    public void complete(long id) throws InstanceNotFoundException {
        MBeans.job(id).complete();
    }
}
