package org.kvmbeans.mbeans;

/**
 * What a disk, or one direction of a network interface, may move; 0 stands for no limit.
 *
 * @param bytesPerSecond bytes in the long run
 * @param burstBytes bytes at once after a rest; 0: as many as {@code bytesPerSecond}
 * @param operationsPerSecond requests or packets in the long run
 * @param burstOperations requests or packets at once after a rest; 0: as many as {@code operationsPerSecond}
 */
public record RateLimits(long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations) {}
