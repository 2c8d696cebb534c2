package org.kvmbeans.export.storage;

import java.util.List;
import java.util.Optional;
import org.kvmbeans.mbeans.DiskPathPolicy;

/**
 * The pools of a host, and where images may lie.
 *
 * @param policy where images may lie
 * @param pools with names that differ
 */
record StoreConfiguration(DiskPathPolicy policy, List<PoolConfiguration> pools) {
    StoreConfiguration {
        pools = List.copyOf(pools);
    }

    Optional<PoolConfiguration> pool(String name) {
        return pools.stream().filter(pool -> pool.name().equals(name)).findFirst();
    }
}
