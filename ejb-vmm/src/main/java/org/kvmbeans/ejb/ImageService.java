package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import java.util.Arrays;
import java.util.Base64;
import javax.management.InstanceNotFoundException;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * The images of the pools. What makes images, changes or shows their contents is the administrators'; a job that does it is
 * returned as its number.
 */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class ImageService {
    /** The most bytes that {@link #append} and {@link #read} take at once. */
    public static final int LARGEST_PART_BYTES = 4 << 20;

    /** One image with its chain, snapshots and bitmaps. */
    @RolesAllowed(Roles.VIEWER)
    public StorageView.ImageDetail detail(String pool, String image) throws InstanceNotFoundException {
        return StorageReader.detail(MBeans.image(pool, image));
    }

    /** Creates an image of a size in bytes; {@code options} as JSON, or empty. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long create(String pool, String name, String format, long bytes, String options)
            throws InstanceNotFoundException {
        return id(MBeans.imageStore(pool).create(name, format, bytes, options));
    }

    /** Says what a file of a pool is. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void register(String pool, String name, String format) throws InstanceNotFoundException {
        MBeans.imageStore(pool).register(name, format);
    }

    /** Forgets what a file is; it stays. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void unregister(String pool, String image) throws InstanceNotFoundException {
        MBeans.image(pool, image).unregister();
    }

    /** Deletes an image that nobody uses. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void delete(String pool, String image) throws InstanceNotFoundException {
        MBeans.image(pool, image).delete();
    }

    /** Begins to take an image of so many bytes. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long beginUpload(String pool, String name, String format, long bytes) throws InstanceNotFoundException {
        return id(MBeans.imageStore(pool).beginUpload(name, format, bytes));
    }

    /** Takes the next part of an upload: the first {@code length} bytes of {@code part}. */
    @RolesAllowed(Roles.ADMIN)
    public void append(String pool, long upload, long offset, byte[] part, int length)
            throws InstanceNotFoundException {
        byte[] exact = part.length == length ? part : Arrays.copyOf(part, length);
        MBeans.imageStore(pool).appendUpload(upload, offset, Base64.getEncoder().encodeToString(exact));
    }

    /** Ends an upload of which all has come. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void finishUpload(String pool, long upload) throws InstanceNotFoundException {
        MBeans.imageStore(pool).finishUpload(upload);
    }

    /** Looks whether an image can be downloaded, and how long it is. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long beginDownload(String pool, String image) throws InstanceNotFoundException {
        MBeans.image(pool, image).read(0, 1);
        return MBeans.image(pool, image).getFileBytes();
    }

    /** Part of an image's file; fewer bytes than asked for at its end. */
    @RolesAllowed(Roles.ADMIN)
    public byte[] read(String pool, String image, long offset, int length) throws InstanceNotFoundException {
        return Base64.getDecoder().decode(MBeans.image(pool, image).read(offset, length));
    }

    private static long id(ObjectName job) {
        return Long.parseLong(ObjectNames.property(job, "id"));
    }
}
