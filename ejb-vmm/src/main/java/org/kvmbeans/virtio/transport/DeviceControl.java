package org.kvmbeans.virtio.transport;

import static org.kvmbeans.virtio.transport.TransportStatus.ACKNOWLEDGE;
import static org.kvmbeans.virtio.transport.TransportStatus.DRIVER;
import static org.kvmbeans.virtio.transport.TransportStatus.DRIVER_OK;
import static org.kvmbeans.virtio.transport.TransportStatus.FAILED;
import static org.kvmbeans.virtio.transport.TransportStatus.FEATURES_OK;
import static org.kvmbeans.virtio.transport.TransportStatus.NEEDS_RESET;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/**
 * The life of a virtio device under its driver: negotiation, set-up of the queues, start, reset (virtio 1.2, 2.1, 2.2 and
 * 3.1).
 *
 * <p>What changes its course runs under one lock, which is held while the device starts and stops: a driver's reset returns
 * when the device is still. The device's own threads never need that lock. Getters take none.
 */
final class DeviceControl {
    private static final int DRIVER_BITS = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;

    /** Feature bits that are the transport's, and that this one has not: 37 to 41, SR-IOV up to admin queues (6). */
    private static final long NOT_OFFERED = 0x1FL << 37;

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final DoorbellBank doorbells;
    private final TransportInterrupts interrupts;
    private final long offered;
    private final List<QueueRegisters> queues = new ArrayList<>();
    private final AtomicInteger status = new AtomicInteger();
    private final AtomicInteger configGeneration = new AtomicInteger();
    private final AtomicLong resetRequests = new AtomicLong();
    private volatile long driverFeatures;
    private volatile String resetReason = "";
    private volatile Consumer<String> onResetRequest = why -> {};

    // Guarded by the lock of this object.
    private boolean acceptedUnknown;
    private boolean closed;
    private @Nullable DeviceSession session;

    DeviceControl(VirtioDevice device, GuestMemory memory, DoorbellBank doorbells, TransportInterrupts interrupts) {
        this.device = device;
        this.memory = memory;
        this.doorbells = doorbells;
        this.interrupts = interrupts;
        this.offered = (device.features() | VirtioFeatures.VERSION_1) & ~NOT_OFFERED;
        for (int maxSize : device.queueSizes()) {
            queues.add(new QueueRegisters(maxSize));
        }
    }

    void onResetRequest(Consumer<String> listener) {
        onResetRequest = listener;
    }

    int status() {
        return status.get();
    }

    long offeredFeatures() {
        return offered;
    }

    long driverFeatures() {
        return driverFeatures;
    }

    int configGeneration() {
        return configGeneration.get() & 0xFF;
    }

    int queueCount() {
        return queues.size();
    }

    @Nullable
    QueueRegisters queue(int index) {
        return index < queues.size() ? queues.get(index) : null;
    }

    int configVector() {
        return interrupts.vector(interrupts.configIndex());
    }

    int queueVector(int queue) {
        return interrupts.vector(queue);
    }

    String resetReason() {
        return resetReason;
    }

    long resetRequests() {
        return resetRequests.get();
    }

    /** Accepts feature bits, 32 of them, until FEATURES_OK. */
    synchronized void acceptFeatures(int select, int bits) {
        if ((status.get() & FEATURES_OK) != 0) {
            return;
        }
        switch (select) {
            case 0 -> driverFeatures = (driverFeatures & ~0xFFFF_FFFFL) | (bits & 0xFFFF_FFFFL);
            case 1 -> driverFeatures = (driverFeatures & 0xFFFF_FFFFL) | (long) bits << Integer.SIZE;
            // There are no such bits, so none was offered: remembered until the reset.
            default -> acceptedUnknown |= bits != 0;
        }
    }

    synchronized void setConfigVector(int vector) {
        interrupts.setVector(interrupts.configIndex(), vector);
    }

    synchronized void setQueueVector(int queue, int vector) {
        if (queue < queues.size()) {
            interrupts.setVector(queue, vector);
        }
    }

    synchronized void setQueueSize(int queue, int entries) {
        if (queue < queues.size()) {
            queues.get(queue).setSize(entries);
        }
    }

    synchronized void setQueueAddress(int queue, QueueRegisters.Part part, long value, long mask) {
        if (queue < queues.size()) {
            queues.get(queue).setAddress(part, value, mask);
        }
    }

    /** Enables a queue: after the features are settled, and before the driver is ready. */
    synchronized void enableQueue(int queue) {
        boolean settled = (status.get() & (FEATURES_OK | DRIVER_OK)) == FEATURES_OK;
        if (queue < queues.size() && settled) {
            queues.get(queue).enable((driverFeatures & VirtioFeatures.PACKED_RING) != 0);
        }
    }

    /**
     * The driver writes the status: 0 resets, other values add bits. Bits that it takes back stay, as only a reset takes
     * them back; FEATURES_OK that it may not have stays clear, as it is told to look.
     */
    synchronized void writeStatus(int value) {
        if (closed) {
            return;
        }
        if (value == 0) {
            reset();
            return;
        }
        int present = status.get();
        int added = value & DRIVER_BITS & ~present;
        if ((added & FEATURES_OK) != 0 && !featuresAreGood()) {
            added &= ~FEATURES_OK;
        }
        if (((present | added) & FEATURES_OK) == 0) {
            added &= ~DRIVER_OK;
        }
        int bits = added;
        status.updateAndGet(old -> old | bits);
        if ((added & DRIVER_OK) != 0) {
            start();
        }
    }

    private boolean featuresAreGood() {
        return !acceptedUnknown && (driverFeatures & ~offered) == 0 && (driverFeatures & VirtioFeatures.VERSION_1) != 0;
    }

    private void start() {
        @Nullable QueueSetup[] setups = new QueueSetup[queues.size()];
        DeviceSession started = new DeviceSession(memory, driverFeatures, setups, new Reports());
        session = started;
        try {
            for (int i = 0; i < setups.length; i++) {
                QueueRegisters queue = queues.get(i);
                if (queue.isEnabled()) {
                    setups[i] = new QueueSetup(
                            i,
                            queue.size(),
                            queue.descriptorGpa(),
                            queue.driverGpa(),
                            queue.deviceGpa(),
                            doorbells.open(i),
                            interrupts.queue(i));
                }
            }
            device.start(started);
        } catch (RuntimeException e) {
            // Whatever it is, a guest that sets a device up badly harms that device alone.
            started.needsReset("the device cannot start: " + e);
        }
    }

    /** Stops the device and forgets all that the driver has set; returns when no thread of the device runs for it. */
    synchronized void reset() {
        DeviceSession ended = session;
        if (ended != null) {
            ended.end();
            device.stop();
            doorbells.closeAll();
            session = null;
        }
        driverFeatures = 0;
        acceptedUnknown = false;
        queues.forEach(QueueRegisters::reset);
        interrupts.reset();
        status.set(0);
    }

    /** Resets it for good. */
    synchronized void close() {
        if (!closed) {
            reset();
            closed = true;
            device.close();
        }
    }

    private final class Reports implements DeviceSession.Listener {
        @Override
        public void configChanged() {
            configGeneration.incrementAndGet();
            interrupts.configChanged();
        }

        @Override
        public void needsReset(String why) {
            int former = status.getAndUpdate(old -> old | NEEDS_RESET);
            if ((former & NEEDS_RESET) == 0) {
                resetReason = why;
                resetRequests.incrementAndGet();
                interrupts.configChanged();
                onResetRequest.accept(why);
            }
        }
    }
}
