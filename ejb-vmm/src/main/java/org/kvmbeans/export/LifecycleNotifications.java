package org.kvmbeans.export;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.MBeanNotificationInfo;
import javax.management.Notification;
import javax.management.NotificationBroadcasterSupport;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.VmLifecycleEvent;

/**
 * Sends {@code vm.lifecycle.*} notifications, on one thread of its own and in the order in which they were handed over:
 * a slow listener holds up neither a vCPU nor an operation.
 */
final class LifecycleNotifications implements AutoCloseable {
    /** A guest that resets without end makes notifications without end; those beyond this are dropped. */
    private static final int MAX_WAITING = 16_384;

    private static final int IDLE_THREAD_SECONDS = 5;
    private static final int CLOSE_SECONDS = 5;
    private static final CompositeType EVENT_TYPE = eventType();

    private final ThreadPoolExecutor thread;

    LifecycleNotifications() {
        thread = new ThreadPoolExecutor(
                1,
                1,
                IDLE_THREAD_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                task -> {
                    Thread made = new Thread(task, "kvmbeans-notifications");
                    made.setDaemon(true);
                    return made;
                },
                new ThreadPoolExecutor.DiscardPolicy());
        thread.allowCoreThreadTimeOut(true);
    }

    /** Where one MBean's notifications come from. */
    static final class Source extends NotificationBroadcasterSupport {
        private final ObjectName name;
        private final AtomicLong sequence = new AtomicLong();

        Source(ObjectName name, String... types) {
            super(new MBeanNotificationInfo(
                    types,
                    Notification.class.getName(),
                    "A change in the life of a VM; user data: vm, previousState, state, reason, detail"));
            this.name = name;
        }
    }

    /** Sends a notification of {@code type} to the listeners of {@code source}. */
    void send(Source source, String type, VmLifecycleEvent event) {
        long now = System.currentTimeMillis();
        thread.execute(() -> {
            String message = "VM " + event.vm() + " is " + type.substring(NotificationTypes.LIFECYCLE.length())
                    + (event.detail().isEmpty() ? "" : ": " + event.detail());
            Notification notification =
                    new Notification(type, source.name, source.sequence.incrementAndGet(), now, message);
            notification.setUserData(userData(event));
            source.sendNotification(notification);
        });
    }

    private static CompositeDataSupport userData(VmLifecycleEvent event) {
        Object[] values = {
            event.vm(),
            event.previousState().name(),
            event.state().name(),
            event.reason().name(),
            event.detail()
        };
        try {
            return new CompositeDataSupport(EVENT_TYPE, names(), values);
        } catch (OpenDataException e) {
            throw new IllegalStateException("the type of VmLifecycleEvent does not fit its values", e);
        }
    }

    private static CompositeType eventType() {
        String[] descriptions = {
            "Name of the VM", "State it left", "State it is in", "Why it stopped; NONE where it did not", "A sentence"
        };
        OpenType<?>[] types = {
            SimpleType.STRING, SimpleType.STRING, SimpleType.STRING, SimpleType.STRING, SimpleType.STRING
        };
        try {
            return new CompositeType(
                    VmLifecycleEvent.class.getName(), "A change in the life of a VM", names(), descriptions, types);
        } catch (OpenDataException e) {
            throw new IllegalStateException("the type of VmLifecycleEvent is not well-formed", e);
        }
    }

    private static String[] names() {
        return new String[] {"vm", "previousState", "state", "reason", "detail"};
    }

    /** Sends what waits, and ends. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
