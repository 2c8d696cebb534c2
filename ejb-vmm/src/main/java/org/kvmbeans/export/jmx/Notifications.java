package org.kvmbeans.export.jmx;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.MBeanNotificationInfo;
import javax.management.Notification;
import javax.management.NotificationBroadcasterSupport;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.kvmbeans.mbeans.JobEvent;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.VmDeviceEvent;
import org.kvmbeans.mbeans.VmLifecycleEvent;

/**
 * Sends {@code vm.*} and {@code job.*} notifications, on one thread of its own and in the order in which they were handed over: a slow
 * listener holds up neither a vCPU nor an operation.
 */
public final class Notifications implements AutoCloseable {
    /** A guest that resets without end makes notifications without end; those beyond this are dropped. */
    private static final int MAX_WAITING = 16_384;

    private static final int IDLE_THREAD_SECONDS = 5;
    private static final int CLOSE_SECONDS = 5;

    private final ThreadPoolExecutor thread;

    /** Has no thread until there is something to send. */
    public Notifications() {
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

    /** What one MBean says that it may send of a change in the life of a VM. */
    public static MBeanNotificationInfo lifecycle(String... types) {
        return new MBeanNotificationInfo(
                types,
                Notification.class.getName(),
                "A change in the life of a VM; user data: vm, previousState, state, reason, detail");
    }

    /** What one MBean says that it may send of devices. */
    public static MBeanNotificationInfo device(String... types) {
        return new MBeanNotificationInfo(
                types,
                Notification.class.getName(),
                "A device of a VM that came, went or failed; user data: vm, device, kind, state, detail");
    }

    /** What one MBean says that it may send of jobs. */
    public static MBeanNotificationInfo job(String... types) {
        return new MBeanNotificationInfo(
                types,
                Notification.class.getName(),
                "A job that began, is ready or has ended; user data: job, kind, subject, state, detail");
    }

    /** Where one MBean's notifications come from. */
    public static final class Source extends NotificationBroadcasterSupport {
        private final ObjectName name;
        private final AtomicLong sequence = new AtomicLong();

        /** @param infos what it may send */
        public Source(ObjectName name, MBeanNotificationInfo... infos) {
            super(infos);
            this.name = name;
        }
    }

    /** Sends a notification of {@code type} to the listeners of {@code source}. */
    public void send(Source source, String type, VmLifecycleEvent event) {
        String message = "VM " + event.vm() + " is " + type.substring(NotificationTypes.LIFECYCLE.length());
        send(source, type, withDetail(message, event.detail()), EventData.of(event));
    }

    /** Sends a notification of {@code type} to the listeners of {@code source}. */
    public void send(Source source, String type, VmDeviceEvent event) {
        String message = "device " + event.device() + " of VM " + event.vm() + ": "
                + type.substring(NotificationTypes.DEVICE.length());
        send(source, type, withDetail(message, event.detail()), EventData.of(event));
    }

    /** Sends a notification of {@code type} to the listeners of {@code source}. */
    public void send(Source source, String type, JobEvent event) {
        String message =
                event.kind() + " of " + event.subject() + ": " + type.substring(NotificationTypes.JOB.length());
        send(source, type, withDetail(message, event.detail()), EventData.of(event));
    }

    private static String withDetail(String message, String detail) {
        return detail.isEmpty() ? message : message + ": " + detail;
    }

    private void send(Source source, String type, String message, CompositeData userData) {
        long now = System.currentTimeMillis();
        thread.execute(() -> {
            Notification notification =
                    new Notification(type, source.name, source.sequence.incrementAndGet(), now, message);
            notification.setUserData(userData);
            source.sendNotification(notification);
        });
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
