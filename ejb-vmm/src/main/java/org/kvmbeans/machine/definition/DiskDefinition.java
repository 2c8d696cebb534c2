package org.kvmbeans.machine.definition;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.virtio.block.ErrorPolicy;
import org.kvmbeans.virtio.spi.RateLimits;

/**
 * A disk of a machine.
 *
 * @param name unique among the machine's devices
 * @param path absolute path of the image or block device
 * @param format what the image is; never guessed from its content
 * @param readOnly whether the guest is refused to write
 * @param cache how the host caches what the guest writes
 * @param serial what the guest reads as the disk's serial number: up to {@value #MAX_SERIAL_LENGTH} characters
 * @param queues virtqueues, each served by a thread of its own: 1 to {@value #MAX_QUEUES}
 * @param blockBytes logical block size as the guest sees it: 512 or 4096
 * @param discard whether the guest may give space back
 * @param onError what a failed request leads to
 * @param limits what it may move
 * @param secret name of the secret that opens those of the image and the images below it of which their pools name none;
 *     empty for none
 */
public record DiskDefinition(
        String name,
        Path path,
        DiskFormat format,
        boolean readOnly,
        CacheMode cache,
        String serial,
        int queues,
        int blockBytes,
        boolean discard,
        ErrorPolicy onError,
        RateLimits limits,
        String secret) {
    /** The most virtqueues of a disk. */
    public static final int MAX_QUEUES = 64;
    /** VIRTIO_BLK_ID_BYTES: virtio 1.2, 5.2.6. */
    public static final int MAX_SERIAL_LENGTH = 20;
    /** What names of secrets are made of: they are names of files. */
    public static final Pattern SECRET_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    /** The same disk with another image, over the one that it had or with its contents. */
    public DiskDefinition withImage(Path newPath, DiskFormat newFormat) {
        return new DiskDefinition(
                name,
                newPath,
                newFormat,
                readOnly,
                cache,
                serial,
                queues,
                blockBytes,
                discard,
                onError,
                limits,
                secret);
    }

    /** The same disk with other limits. */
    public DiskDefinition withLimits(RateLimits newLimits) {
        return new DiskDefinition(
                name, path, format, readOnly, cache, serial, queues, blockBytes, discard, onError, newLimits, secret);
    }
}
