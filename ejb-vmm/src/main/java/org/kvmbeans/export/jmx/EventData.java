package org.kvmbeans.export.jmx;

import java.util.Arrays;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;
import org.kvmbeans.mbeans.JobEvent;
import org.kvmbeans.mbeans.VmDeviceEvent;
import org.kvmbeans.mbeans.VmLifecycleEvent;

/** The user data of notifications as open data, which a client can read without our classes. All of it is text. */
final class EventData {
    private static final String[] LIFECYCLE_NAMES = {"vm", "previousState", "state", "reason", "detail"};
    private static final String[] DEVICE_NAMES = {"vm", "device", "kind", "state", "detail"};
    private static final String[] JOB_NAMES = {"job", "kind", "subject", "state", "detail"};

    private static final CompositeType LIFECYCLE = type(
            VmLifecycleEvent.class.getName(),
            "A change in the life of a VM",
            LIFECYCLE_NAMES,
            "Name of the VM",
            "State it left",
            "State it is in",
            "Why it stopped; NONE where it did not",
            "A sentence");
    private static final CompositeType DEVICE = type(
            VmDeviceEvent.class.getName(),
            "A device of a VM that came, went or failed",
            DEVICE_NAMES,
            "Name of the VM",
            "Name of the device",
            "What the device is",
            "State it is in",
            "A sentence");

    private static final CompositeType JOB = type(
            JobEvent.class.getName(),
            "A job that began, is ready or has ended",
            JOB_NAMES,
            "ObjectName of the job",
            "What it does",
            "What it works on",
            "State it is in",
            "A sentence");

    private EventData() {}

    static CompositeDataSupport of(VmLifecycleEvent event) {
        return data(
                LIFECYCLE,
                LIFECYCLE_NAMES,
                event.vm(),
                event.previousState().name(),
                event.state().name(),
                event.reason().name(),
                event.detail());
    }

    static CompositeDataSupport of(VmDeviceEvent event) {
        return data(
                DEVICE,
                DEVICE_NAMES,
                event.vm(),
                event.device(),
                event.kind().name(),
                event.state().name(),
                event.detail());
    }

    static CompositeDataSupport of(JobEvent event) {
        return data(
                JOB,
                JOB_NAMES,
                event.job(),
                event.kind().name(),
                event.subject(),
                event.state().name(),
                event.detail());
    }

    private static CompositeDataSupport data(CompositeType type, String[] names, Object... values) {
        try {
            return new CompositeDataSupport(type, names, values);
        } catch (OpenDataException e) {
            throw new IllegalStateException(type.getTypeName() + " does not fit its values", e);
        }
    }

    private static CompositeType type(String name, String description, String[] names, String... descriptions) {
        OpenType<?>[] types = new OpenType<?>[names.length];
        Arrays.fill(types, SimpleType.STRING);
        try {
            return new CompositeType(name, description, names, descriptions, types);
        } catch (OpenDataException e) {
            throw new IllegalStateException("the type of " + name + " is not well-formed", e);
        }
    }
}
