package org.kvmbeans.ejb;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.Metadata;
import org.eclipse.microprofile.metrics.MetricID;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.ObjectNames;

/** The metrics of one MBean: registered together, removed together, computed when they are scraped. */
final class Series {
    private static final Logger LOG = Logger.getLogger(Series.class.getName());

    private final MetricRegistry registry;
    private final List<MetricID> registered = new ArrayList<>();

    Series(MetricRegistry registry) {
        this.registry = registry;
    }

    /** The labels {@code vm} and {@code device} of an MBean whose key {@code key} is the device's name. */
    static Tag[] deviceTags(ObjectName name, String key) {
        return new Tag[] {
            new Tag("vm", ObjectNames.property(name, "vm")), new Tag("device", ObjectNames.property(name, key))
        };
    }

    /** The labels {@code vm}, {@code device} and {@code queue} of a queue's MBean. */
    static Tag[] queueTags(ObjectName name) {
        return new Tag[] {
            new Tag("vm", ObjectNames.property(name, "vm")),
            new Tag("device", ObjectNames.property(name, "device")),
            new Tag("queue", ObjectNames.property(name, "id"))
        };
    }

    /**
     * Registers one metric.
     *
     * @param value read at each scrape; not a number where it fails, so that one lost VM does not cost the others' metrics
     */
    <T> void add(String name, String description, T source, ToDoubleFunction<T> value, Tag... tags) {
        Metadata metadata =
                Metadata.builder().withName(name).withDescription(description).build();
        registry.gauge(metadata, source, from -> valueOrNaN(name, from, value), tags);
        registered.add(new MetricID(name, tags));
    }

    void removeAll() {
        registered.forEach(registry::remove);
        registered.clear();
    }

    private static <T> double valueOrNaN(String name, T source, ToDoubleFunction<T> value) {
        try {
            return value.applyAsDouble(source);
        } catch (RuntimeException e) {
            LOG.log(Level.FINE, e, () -> name + " could not be read");
            return Double.NaN;
        }
    }
}
