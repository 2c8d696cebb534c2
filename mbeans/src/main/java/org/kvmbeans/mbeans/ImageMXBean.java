package org.kvmbeans.mbeans;

import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * A disk image of a pool: {@code org.kvmbeans:type=Image,pool=POOL,name=FILE}.
 *
 * <p>What its attributes tell is as of the last look at it, a few seconds ago at most.
 */
@Description("A disk image of a pool")
public interface ImageMXBean {
    @Description("The file's name in the pool")
    String getName();

    @Description("The pool")
    String getPool();

    @Description("The file")
    String getPath();

    @Description("The format, as who created, uploaded or registered it said, for example raw")
    String getFormat();

    @Description("Size of the disk; 0 where the image cannot be read")
    @Unit("bytes")
    long getSizeBytes();

    @Description("Length of the file")
    @Unit("bytes")
    long getFileBytes();

    @Description("Space that the file takes on the host")
    @Unit("bytes")
    long getAllocatedBytes();

    @Description("Size of a cluster; 0 for formats without them")
    @Unit("bytes")
    long getClusterBytes();

    @Description("The image and what it lies on: its backing file, that one's, and so on")
    ImageLayer[] getBackingChain();

    @Description("The internal snapshots, oldest first")
    ImageSnapshot[] getSnapshots();

    @Description("The dirty bitmaps")
    DirtyBitmap[] getDirtyBitmaps();

    @Description("NONE, AES (qcow2's old scheme) or LUKS")
    ImageEncryption getEncryption();

    @Description("Who has it: disks of VMs, images that lie on it, jobs; empty where nobody does")
    String[] getUsers();

    @Description("Whether somebody has it open: a VM that is on, a job, or another process of the host")
    boolean isInUse();

    @Description("Whether it was not closed well: it wants a repair, which opening it to write does by itself")
    boolean isDirty();

    @Description("Whether its own structures were found to contradict each other: it is not written before a repair")
    boolean isCorrupt();

    @Description("Why it could not be read at the last look; empty when it could")
    String getLastError();

    /**
     * Reads the file as it is, which is how it is downloaded.
     *
     * @param offset where to begin
     * @param length 1 byte to 4 MiB
     * @return the bytes in Base64: fewer than asked for at the end of the file, none beyond
     * @throws IllegalStateException where somebody is writing it
     */
    @Description("Reads the file as it is, which is how it is downloaded; Base64, empty beyond the end")
    @OperationImpact(Impact.INFO)
    String read(
            @ParameterName("offset") @Description("Where to begin") long offset,
            @ParameterName("length") @Description("How many bytes, at most 4 MiB") int length);

    /**
     * Forgets what the file is; it stays.
     *
     * @throws IllegalStateException where somebody uses it
     */
    @Description("Forgets what the file is: it stays in the directory and is no image of the pool any more")
    @OperationImpact(Impact.ACTION)
    void unregister();

    /**
     * Deletes the file.
     *
     * @throws IllegalStateException where it is the disk of a VM, the backing file of another image, or in use
     */
    @Description("Deletes the file; refused where it is the disk of a VM, lies below another image, or is in use")
    @OperationImpact(Impact.ACTION)
    void delete();
}
