package org.kvmbeans.mbeans;

import javax.management.ObjectName;
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

    @Description("The name of the secret that opens it; empty where none is named")
    String getSecret();

    @Description("The key slots that have a passphrase, where it is encrypted with LUKS")
    int[] getKeySlots();

    @Description("Where it is exported over NBD, as clients open it; empty where it is not")
    String getExportUri();

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
     * @param length 1 byte to 2 MiB
     * @return the bytes in Base64: fewer than asked for at the end of the file, none beyond
     * @throws IllegalStateException where somebody is writing it
     */
    @Description("Reads the file as it is, which is how it is downloaded; Base64, empty beyond the end")
    @OperationImpact(Impact.INFO)
    String read(
            @ParameterName("offset") @Description("Where to begin") long offset,
            @ParameterName("length") @Description("How many bytes, at most 2 MiB") int length);

    /**
     * Copies what the disk shows to a new image, of another format or with other options.
     *
     * @return the job that does it
     */
    @Description("Copies what the disk shows to a new image, of another format or with other options: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName convert(
            @ParameterName("targetPool") @Description("The pool of the new image") String targetPool,
            @ParameterName("targetName") @Description("File to make in that pool") String targetName,
            @ParameterName("format") @Description("Its format: raw, qcow2 or luks") String format,
            @ParameterName("options") @Description("More about it as JSON, as for create; may be empty")
                    String options);

    /** Looks whether the structures of a qcow2 image agree with one another; changes nothing. */
    @Description(
            "Looks whether the structures of a qcow2 image agree with one another: a job does it, whose Figures tell")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName check();

    /** Brings the structures of a qcow2 image to agree with one another. */
    @Description("Repairs the structures of a qcow2 image: a job does it, whose Figures tell what was wrong")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName repair(
            @ParameterName("what")
                    @Description(
                            "LEAKS: room that is lost, no data is in danger; ALL: whatever is wrong, and what led nowhere is lost")
                    String what);

    /** Changes the size of the disk of an image that no VM has open; for the disk of a running VM see {@link DiskMXBean}. */
    @Description("Changes the size of a disk that no running VM has: a job does it; shrinking loses what lies beyond")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName resize(
            @ParameterName("bytes") @Description("The new size, a multiple of 512") @Unit("bytes") long bytes);

    /** Compares what two disks show. */
    @Description("Compares what this disk and another show: a job does it, whose Result tells")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName compare(
            @ParameterName("otherPool") @Description("The pool of the other image") String otherPool,
            @ParameterName("otherName") @Description("The other image") String otherName);

    /** Says how many bytes a copy in another format would take. */
    @Description("Says how many bytes a copy in a format would take: a job does it, whose Figures tell")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName measure(
            @ParameterName("format") @Description("The format of the copy: raw, qcow2 or luks") String format,
            @ParameterName("options") @Description("More about it as JSON, as for create; may be empty")
                    String options);

    /**
     * Puts a qcow2 image over another backing file, or over none.
     *
     * @return the job that does it
     */
    @Description("Puts a qcow2 image over another backing file, or over none: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName rebase(
            @ParameterName("backing") @Description("The image to lie on, as POOL/FILE; empty for none") String backing,
            @ParameterName("contents")
                    @Description("KEEP: the disk shows what it showed, differences are copied; FOLLOW: the reference "
                            + "alone is changed, as when the backing file was moved")
                    String contents);

    /** Moves what the image has itself down into its backing file. */
    @Description(
            "Moves what a qcow2 image has itself down into its backing file, which then shows the same: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName commit();

    /** Copies up what the images below show, after which this one stands alone. */
    @Description("Copies up what the images below show, after which this one stands alone: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName stream();

    /** Takes an internal snapshot of the disk of a qcow2 image that no VM has open. */
    @Description("Keeps what the disk holds now in the image itself: a job does it; no running VM has the disk")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName createSnapshot(
            @ParameterName("snapshot") @Description("What the snapshot is to be called") String snapshot);

    /** Has the disk be what it was when a snapshot was taken; what was written since is lost. */
    @Description("Has the disk be what it was when a snapshot was taken: a job does it; what was written since is lost")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName applySnapshot(@ParameterName("snapshot") @Description("Its id or name") String snapshot);

    /** Deletes an internal snapshot. */
    @Description("Deletes a snapshot that is kept in the image: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName deleteSnapshot(@ParameterName("snapshot") @Description("Its id or name") String snapshot);

    /** Lets another secret open an encrypted image as well. */
    @Description("Lets another secret open an encrypted image as well: a job gives it a key slot")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName addKey(@ParameterName("secret") @Description("One of SecretNames of Host") String secret);

    /** Puts another secret in the place of the one that opens an encrypted image. */
    @Description("Puts another secret in the place of the one that opens an encrypted image: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName changeKey(@ParameterName("secret") @Description("One of SecretNames of Host") String secret);

    /** Removes the passphrase of a key slot; refused for the slot that the image's own secret opens alone. */
    @Description("Removes the passphrase of a key slot, where the image's secret opens another one: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName removeKey(@ParameterName("slot") @Description("One of KeySlots") int slot);

    /**
     * Offers the disk to other programs and hosts over NBD, until {@link #stopExport} or the server's end. Whoever reaches the
     * address may use it.
     *
     * @return what clients open, for example {@code nbd://127.0.0.1:10809/web01.qcow2}
     */
    @Description("Offers the disk to other programs over NBD; whoever reaches the address may use it")
    @OperationImpact(Impact.ACTION_INFO)
    String startExport(
            @ParameterName("host") @Description("The address to listen at, for example 127.0.0.1") String host,
            @ParameterName("port") @Description("The port; 0 for one that is free") int port,
            @ParameterName("writable") @Description("Whether clients may write") boolean writable);

    /** Offers the disk no longer. */
    @Description("Offers the disk no longer: requests in progress are answered, connections closed")
    @OperationImpact(Impact.ACTION)
    void stopExport();

    /**
     * Where the contents of the disk come from.
     *
     * @return a JSON list of objects with start, length, depth, present, zero, data, compressed, and offset where there is one
     */
    @Description("Where the contents of the disk come from, as JSON: extents from an offset on, one after the other")
    @OperationImpact(Impact.INFO)
    String map(
            @ParameterName("offset") @Description("Where to begin on the disk") long offset,
            @ParameterName("most")
                    @Description("The most extents, 1 to 10000; the next call begins where the last ends")
                    int most);

    /** Names the secret that opens an encrypted image; the secret itself stays where it is. */
    @Description("Names the secret that opens an encrypted image; empty: none")
    @OperationImpact(Impact.ACTION)
    void useSecret(@ParameterName("secret") @Description("One of SecretNames of Host, or empty") String secret);

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
