package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import javax.management.InstanceNotFoundException;

/** The pools of disk images and the secrets of encrypted ones. */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class StorageService {
    /** All pools with their images, the jobs, and the names of the secrets. */
    @RolesAllowed(Roles.VIEWER)
    public StorageView view() throws InstanceNotFoundException {
        return StorageReader.read(MBeans.host());
    }

    /** Looks at a pool's directory now. */
    @RolesAllowed(Roles.OPERATOR)
    public void refresh(String pool) throws InstanceNotFoundException {
        MBeans.imageStore(pool).refresh();
    }

    /** Makes a directory a pool; directories that backing files may be in have a colon between two. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void addPool(String name, String path, long quotaBytes, String backingDirectories)
            throws InstanceNotFoundException {
        MBeans.host().addPool(name, path, quotaBytes, backingDirectories);
    }

    /** Forgets a pool; its files stay. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void removePool(String name) throws InstanceNotFoundException {
        MBeans.host().removePool(name);
    }

    /** Changes where images may lie. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void changeDiskPathPolicy(String policy) throws InstanceNotFoundException {
        MBeans.host().changeDiskPathPolicy(policy);
    }

    /** Keeps a passphrase under a name. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void defineSecret(String name, @Confidential String value) throws InstanceNotFoundException {
        MBeans.host().defineSecret(name, value);
    }

    /** Forgets a secret. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void removeSecret(String name) throws InstanceNotFoundException {
        MBeans.host().removeSecret(name);
    }
}
