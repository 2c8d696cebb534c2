package org.kvmbeans.virtio.transport;

import static org.kvmbeans.virtio.transport.TransportStatus.NO_VECTOR;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.InterruptLine;
import org.kvmbeans.bus.pci.MsixTable;
import org.kvmbeans.virtio.spi.QueueInterrupt;

/**
 * The interrupts of a virtio function: by MSI-X vectors, which the driver assigns to queues and to configuration changes,
 * or by the pin and the ISR status register (virtio 1.2, 4.1.4.5 and 4.1.5). May be used from any thread.
 */
final class TransportInterrupts {
    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIG = 2;

    private final MsixTable msix;
    private final InterruptLine pin;
    private final int queues;
    /** The vector of each queue, then the one of configuration changes. */
    private final AtomicIntegerArray vectors;
    /** Interrupts sent, likewise. */
    private final AtomicLongArray sent;

    private final BusDevice isr = new Isr();
    private int isrStatus;

    TransportInterrupts(MsixTable msix, InterruptLine pin, int queues) {
        this.msix = msix;
        this.pin = pin;
        this.queues = queues;
        this.vectors = new AtomicIntegerArray(queues + 1);
        this.sent = new AtomicLongArray(queues + 1);
        reset();
    }

    /** The ISR status register. */
    BusDevice isr() {
        return isr;
    }

    /** The index by which {@link #vector}, {@link #setVector} and {@link #sent} know configuration changes. */
    int configIndex() {
        return queues;
    }

    int vector(int index) {
        return vectors.get(index);
    }

    /** Assigns a vector; one that the table lacks becomes {@link TransportStatus#NO_VECTOR}, which tells the driver. */
    void setVector(int index, int vector) {
        vectors.set(index, vector < msix.size() ? vector : NO_VECTOR);
    }

    long sent(int index) {
        return sent.get(index);
    }

    boolean usesMessages() {
        return msix.isEnabled();
    }

    void configChanged() {
        signal(queues, ISR_CONFIG);
    }

    QueueInterrupt queue(int index) {
        return new QueueInterrupt() {
            @Override
            public void signal() {
                TransportInterrupts.this.signal(index, ISR_QUEUE);
            }

            @Override
            public int eventFd() {
                int vector = vectors.get(index);
                return msix.isEnabled() && vector != NO_VECTOR ? msix.eventFd(vector) : -1;
            }
        };
    }

    private void signal(int index, int cause) {
        if (msix.isEnabled()) {
            int vector = vectors.get(index);
            if (vector != NO_VECTOR) {
                sent.incrementAndGet(index);
                msix.signal(vector);
            }
            return;
        }
        sent.incrementAndGet(index);
        synchronized (isr) {
            isrStatus |= cause;
            pin.set(true);
        }
    }

    /** The device is reset: no vectors, nothing pending at the pin. */
    void reset() {
        for (int i = 0; i <= queues; i++) {
            vectors.set(i, NO_VECTOR);
        }
        takeIsr();
    }

    private int takeIsr() {
        synchronized (isr) {
            int status = isrStatus;
            isrStatus = 0;
            pin.set(false);
            return status;
        }
    }

    /** Reading takes the causes and lowers the pin. */
    private final class Isr implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return offset == 0 ? takeIsr() : 0;
        }

        @Override
        public void write(long offset, int size, long value) {
            // Read-only.
        }
    }
}
