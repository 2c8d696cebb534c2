package org.kvmbeans.mbeans;

import javax.management.ObjectName;
import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * A pool of disk images, which is a directory of the host: {@code org.kvmbeans:type=ImageStore,name=POOL}.
 *
 * <p>The images of a pool are its files whose format somebody said: who created, uploaded or registered them. A format is
 * never guessed from a file's contents, which its guest can write.
 */
@Description("A directory of disk images")
public interface ImageStoreMXBean {
    @Description("The name, unique on this host")
    String getName();

    @Description("The directory")
    String getPath();

    @Description("Further directories that the images of this pool may have their backing files in")
    String[] getBackingDirectories();

    @Description("The most that the files of the pool may take; 0: as much as the file system has")
    @Unit("bytes")
    long getQuotaBytes();

    @Description("What the files of the pool take, as of the last look")
    @Unit("bytes")
    long getUsedBytes();

    @Description("Room for new images: what is left of the quota, or of the file system where there is no quota")
    @Unit("bytes")
    long getRemainingBytes();

    @Description("Size of the file system that the pool is on")
    @Unit("bytes")
    long getCapacityBytes();

    @Description("Room that is left on that file system")
    @Unit("bytes")
    long getFreeBytes();

    @Description("Images in the pool")
    int getImageCount();

    @Description("Sizes and number of images, read together")
    StoreUsage getUsage();

    @Description("The images, by name")
    ObjectName[] getImages();

    @Description("Files of the pool whose format nobody has said; register(name, format) makes images of them")
    String[] getUnregisteredFiles();

    @Description("The jobs on images of this pool, those that have ended lately among them")
    ObjectName[] getJobs();

    @Description("Why the directory could not be read at the last look; empty when it could")
    String getLastError();

    @Description("Looks at the directory now; it is looked at every few seconds anyway")
    @OperationImpact(Impact.ACTION)
    void refresh();

    /**
     * Creates an image.
     *
     * @return the job that does it
     * @throws IllegalArgumentException where a value is refused; the message names it and what would be right
     * @throws IllegalStateException where a file of that name is there, or the pool has no room for it
     */
    @Description("Creates an image: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName create(
            @ParameterName("name") @Description("File to make in the pool, for example web01.raw") String name,
            @ParameterName("format") @Description("Its format, for example raw") String format,
            @ParameterName("bytes")
                    @Description("Size of the disk, a multiple of 512; 0: as large as the backing file")
                    @Unit("bytes")
                    long bytes,
            @ParameterName("options")
                    @Description(
                            "More about it as JSON, for example {\"preallocation\":\"full\"} or {\"backing\":\"default/base.qcow2\"}; may be empty")
                    String options);

    /**
     * Says what a file of the pool is, which makes it one of the images.
     *
     * @return the image
     */
    @Description("Says what a file of the pool is, which makes an image of it; the format is never guessed")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName register(
            @ParameterName("name") @Description("A file of the pool") String name,
            @ParameterName("format") @Description("What it is, for example raw") String format);

    /**
     * Begins to take an image from a client, part after part; until all of it has come it is no image of the pool.
     *
     * @return the upload, which is a job; one that nothing comes for in ten minutes is called off
     */
    @Description("Begins to take an image from a client: appendUpload brings its parts, finishUpload ends it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName beginUpload(
            @ParameterName("name") @Description("File to make in the pool") String name,
            @ParameterName("format") @Description("What the client says that it is, for example raw") String format,
            @ParameterName("bytes") @Description("Length of the file that comes") @Unit("bytes") long bytes);

    /** Takes the next part of an upload. */
    @Description("Takes the next part of an upload")
    @OperationImpact(Impact.ACTION)
    void appendUpload(
            @ParameterName("id") @Description("The number of the upload's job") long id,
            @ParameterName("offset") @Description("How many bytes came before this part") long offset,
            @ParameterName("base64") @Description("The part in Base64, at most 2 MiB of data") String base64);

    /**
     * Ends an upload of which all has come: the file gets its name and is one of the images.
     *
     * @return the image
     */
    @Description("Ends an upload of which all has come: the file gets its name")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName finishUpload(@ParameterName("id") @Description("The number of the upload's job") long id);
}
