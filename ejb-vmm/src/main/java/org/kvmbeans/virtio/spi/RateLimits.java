package org.kvmbeans.virtio.spi;

/**
 * What a disk or a NIC may move; 0 stands for no limit.
 *
 * @param bytesPerSecond bytes in the long run
 * @param burstBytes bytes at once after a rest; where it is 0, as many as {@code bytesPerSecond}
 * @param operationsPerSecond requests or packets in the long run
 * @param burstOperations requests or packets at once after a rest; where it is 0, as many as {@code operationsPerSecond}
 */
public record RateLimits(long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations) {
    /** No limit at all. */
    public static final RateLimits NONE = new RateLimits(0, 0, 0, 0);

    /** The most that any of the values may be. */
    public static final long MAX = 1L << 50;

    public RateLimits {
        check("bytesPerSecond", bytesPerSecond);
        check("burstBytes", burstBytes);
        check("operationsPerSecond", operationsPerSecond);
        check("burstOperations", burstOperations);
        if (burstBytes > 0 && bytesPerSecond == 0) {
            throw new IllegalArgumentException("burstBytes needs bytesPerSecond");
        }
        if (burstOperations > 0 && operationsPerSecond == 0) {
            throw new IllegalArgumentException("burstOperations needs operationsPerSecond");
        }
    }

    private static void check(String name, long value) {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException(name + " is " + value + ": give 0, for no limit, to " + MAX);
        }
    }
}
