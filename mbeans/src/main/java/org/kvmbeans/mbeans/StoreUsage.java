package org.kvmbeans.mbeans;

/**
 * What a pool holds and has room for, read together.
 *
 * @param quotaBytes the most bytes that its files may take; 0: as many as its file system has
 * @param usedBytes bytes that its files take
 * @param remainingBytes bytes that a new image may come to take
 * @param capacityBytes bytes of its file system
 * @param freeBytes bytes of its file system that are free
 * @param imageCount images
 */
public record StoreUsage(
        long quotaBytes, long usedBytes, long remainingBytes, long capacityBytes, long freeBytes, int imageCount) {}
