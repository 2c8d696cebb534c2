package org.kvmbeans.virtio.block;

import java.nio.charset.StandardCharsets;

/**
 * How a disk is shown to the guest.
 *
 * @param name names its threads, for example {@code vda}
 * @param serial what the guest reads as its serial number: up to {@value #MAX_SERIAL_BYTES} bytes of UTF-8
 * @param queues how many queues it has, each with a thread: 1 to {@value #MAX_QUEUES}
 * @param queueSize entries of each queue: a power of two from 4 to 1,024
 * @param blockBytes bytes of a logical block, 512 or 4,096, no less than the image's
 * @param unmap whether discards, and zeros that the guest says may be unmapped, give storage back
 * @param onError what becomes of a request that the storage could not carry out
 */
public record BlockOptions(
        String name, String serial, int queues, int queueSize, int blockBytes, Unmap unmap, ErrorPolicy onError) {
    /** The most queues of a disk. */
    public static final int MAX_QUEUES = 64;
    /** Fits requests of 1 MiB in single pages. */
    public static final int DEFAULT_QUEUE_SIZE = 512;
    /** VIRTIO_BLK_ID_BYTES (virtio 1.2, 5.2.6). */
    public static final int MAX_SERIAL_BYTES = 20;

    private static final int MIN_QUEUE_SIZE = 4;
    private static final int MAX_QUEUE_SIZE = 1024;

    /** Whether the guest can give storage back. */
    public enum Unmap {
        /** Discards are offered. */
        OFFERED,
        /** Discards are not offered, and zeros keep their storage. */
        WITHHELD
    }

    public BlockOptions {
        int serialBytes = serial.getBytes(StandardCharsets.UTF_8).length;
        require(serialBytes <= MAX_SERIAL_BYTES, "serial has " + serialBytes + " bytes: at most " + MAX_SERIAL_BYTES);
        require(queues >= 1 && queues <= MAX_QUEUES, "queues is " + queues + ": give 1 to " + MAX_QUEUES);
        require(
                queueSize >= MIN_QUEUE_SIZE && queueSize <= MAX_QUEUE_SIZE && Integer.bitCount(queueSize) == 1,
                "queueSize is " + queueSize + ": give a power of two from " + MIN_QUEUE_SIZE + " to " + MAX_QUEUE_SIZE);
        require(blockBytes == 512 || blockBytes == 4096, "blockBytes is " + blockBytes + ": give 512 or 4096");
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException(what);
        }
    }
}
