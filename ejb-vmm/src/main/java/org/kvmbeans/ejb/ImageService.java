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
 * The images of the pools and of running VMs' disks. What makes images, changes or shows their contents is the administrators'; a job that does it is
 * returned as its number.
 */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class ImageService {
    /** The most bytes that {@link #append} and {@link #read} take at once. */
    public static final int LARGEST_PART_BYTES = 2 << 20;

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

    /** Copies what an image shows to a new one. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long convert(String pool, String image, String targetPool, String targetName, String format, String options)
            throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).convert(targetPool, targetName, format, options));
    }

    /** Looks whether the structures of an image agree with one another. */
    @RolesAllowed(Roles.OPERATOR)
    @Interceptors(AuditLog.class)
    public long check(String pool, String image) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).check());
    }

    /** Repairs the structures of an image: {@code what} is LEAKS or ALL. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long repair(String pool, String image, String what) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).repair(what));
    }

    /** Changes the size of a disk that no running VM has, in bytes. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long resize(String pool, String image, long bytes) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).resize(bytes));
    }

    /** Compares what two disks show. */
    @RolesAllowed(Roles.OPERATOR)
    @Interceptors(AuditLog.class)
    public long compare(String pool, String image, String otherPool, String otherName)
            throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).compare(otherPool, otherName));
    }

    /** Says how many bytes a copy in a format would take. */
    @RolesAllowed(Roles.OPERATOR)
    @Interceptors(AuditLog.class)
    public long measure(String pool, String image, String format, String options) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).measure(format, options));
    }

    /** Puts an image over another backing file, POOL/FILE, or over none; {@code contents} is KEEP or FOLLOW. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long rebase(String pool, String image, String backing, String contents) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).rebase(backing, contents));
    }

    /** Moves what an image has itself down into its backing file. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long commit(String pool, String image) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).commit());
    }

    /** Copies up what the images below show. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long stream(String pool, String image) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).stream());
    }

    /** Keeps what a disk holds now in the image itself. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long createSnapshot(String pool, String image, String snapshot) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).createSnapshot(snapshot));
    }

    /** Has a disk be what it was when a snapshot was taken. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long applySnapshot(String pool, String image, String snapshot) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).applySnapshot(snapshot));
    }

    /** Deletes a snapshot that is kept in an image. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long deleteSnapshot(String pool, String image, String snapshot) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).deleteSnapshot(snapshot));
    }

    /** Lets another secret open an encrypted image as well. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long addKey(String pool, String image, String secret) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).addKey(secret));
    }

    /** Puts another secret in the place of the one that opens an encrypted image. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long changeKey(String pool, String image, String secret) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).changeKey(secret));
    }

    /** Removes the passphrase of a key slot. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long removeKey(String pool, String image, int slot) throws InstanceNotFoundException {
        return id(MBeans.image(pool, image).removeKey(slot));
    }

    /** Offers a disk over NBD; what clients open. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public String startExport(String pool, String image, String host, int port, boolean writable)
            throws InstanceNotFoundException {
        return MBeans.image(pool, image).startExport(host, port, writable);
    }

    /** Offers a disk no longer. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void stopExport(String pool, String image) throws InstanceNotFoundException {
        MBeans.image(pool, image).stopExport();
    }

    /** Where the contents of a disk come from, as JSON. */
    @RolesAllowed(Roles.OPERATOR)
    public String map(String pool, String image, long offset, int most) throws InstanceNotFoundException {
        return MBeans.image(pool, image).map(offset, most);
    }

    /** Names the secret that opens an encrypted image. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public void useSecret(String pool, String image, String secret) throws InstanceNotFoundException {
        MBeans.image(pool, image).useSecret(secret);
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

    /** Keeps what a running VM's disk holds now: a new image comes over the present one. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long snapshotDisk(String vm, String disk, String pool, String name) throws InstanceNotFoundException {
        return id(MBeans.disk(vm, disk).snapshot(pool, name));
    }

    /** Copies a running VM's disk and keeps the copy equal, until the job is completed. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long mirrorDisk(String vm, String disk, String pool, String name, String format, String options)
            throws InstanceNotFoundException {
        return id(MBeans.disk(vm, disk).mirror(pool, name, format, options));
    }

    /** Copies a running VM's disk as it is now. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long backupDisk(String vm, String disk, String pool, String name, String format, String options)
            throws InstanceNotFoundException {
        return id(MBeans.disk(vm, disk).backup(pool, name, format, options));
    }

    /** Copies up what the images below a running VM's disk show. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long streamDisk(String vm, String disk) throws InstanceNotFoundException {
        return id(MBeans.disk(vm, disk).stream());
    }

    /** Moves what the image of a running VM's disk has itself down into its backing file. */
    @RolesAllowed(Roles.ADMIN)
    @Interceptors(AuditLog.class)
    public long commitDisk(String vm, String disk) throws InstanceNotFoundException {
        return id(MBeans.disk(vm, disk).commit());
    }

    private static long id(ObjectName job) {
        return Long.parseLong(ObjectNames.property(job, "id"));
    }
}
