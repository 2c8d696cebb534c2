package org.kvmbeans.machine.definition;

import java.util.List;
import org.kvmbeans.virtio.spi.RateLimits;

/** Reads limits of a disk or NIC. */
final class LimitsReader {
    private static final String RIGHT =
            "give an object like {\"bytesPerSecond\":\"100MiB\",\"operationsPerSecond\":1000}";

    private LimitsReader() {}

    static RateLimits read(DefinitionObject device, String key) {
        DefinitionObject limits = device.object(key, RIGHT);
        if (limits == null) {
            return RateLimits.NONE;
        }
        limits.refuseKeysOutside(List.of("bytesPerSecond", "burstBytes", "operationsPerSecond", "burstOperations"));
        long bytes = limits.bytes("bytesPerSecond", 0, RateLimits.MAX);
        long burstBytes = limits.bytes("burstBytes", 0, RateLimits.MAX);
        long operations = limits.number("operationsPerSecond", 0, 0, RateLimits.MAX);
        long burstOperations = limits.number("burstOperations", 0, 0, RateLimits.MAX);
        if (burstBytes > 0 && bytes == 0) {
            limits.missing("bytesPerSecond", "burstBytes needs it");
            return RateLimits.NONE;
        }
        if (burstOperations > 0 && operations == 0) {
            limits.missing("operationsPerSecond", "burstOperations needs it");
            return RateLimits.NONE;
        }
        return new RateLimits(bytes, burstBytes, operations, burstOperations);
    }
}
