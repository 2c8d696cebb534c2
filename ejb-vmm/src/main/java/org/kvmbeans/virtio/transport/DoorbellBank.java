package org.kvmbeans.virtio.transport;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.pci.PciBar;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.Posix;

/**
 * The notification registers, one of four bytes for each queue, and the eventfds that they signal (virtio 1.2, 4.1.4.4).
 *
 * <p>The kernel catches writes while the BAR is mapped and it has room; others arrive here and signal the same eventfd.
 * The lock is held over no call but those of the kernel, so any thread may come.
 */
final class DoorbellBank implements BusDevice {
    /** notify_off_multiplier. */
    static final int STRIDE = 4;

    private final Posix posix;
    private final Doorbells doorbells;
    private final @Nullable EventFd[] events;
    /** 1 where the kernel rings, by queue; written under the lock. */
    private final AtomicIntegerArray bound;

    private long base = PciBar.Listener.UNMAPPED;

    DoorbellBank(Posix posix, Doorbells doorbells, int queues) {
        this.posix = posix;
        this.doorbells = doorbells;
        this.events = new EventFd[queues];
        this.bound = new AtomicIntegerArray(queues);
    }

    /** Bytes of the registers. */
    int bytes() {
        return Math.max(1, events.length) * STRIDE;
    }

    /**
     * Makes the eventfd of a queue, and rings it from now on.
     *
     * @throws org.kvmbeans.sys.PosixException where the host has no more descriptors
     */
    synchronized EventFd open(int queue) {
        EventFd event = EventFd.create(posix);
        events[queue] = event;
        bind(queue, event);
        return event;
    }

    /** Closes all eventfds: no write reaches one any more. */
    synchronized void closeAll() {
        for (int queue = 0; queue < events.length; queue++) {
            EventFd event = events[queue];
            if (event != null) {
                unbind(queue, event);
                events[queue] = null;
                event.close();
            }
        }
    }

    /** The registers are at {@code address} now, or {@link PciBar.Listener#UNMAPPED}. */
    synchronized void moved(long address) {
        for (int queue = 0; queue < events.length; queue++) {
            EventFd event = events[queue];
            if (event != null) {
                unbind(queue, event);
            }
        }
        base = address;
        for (int queue = 0; queue < events.length; queue++) {
            EventFd event = events[queue];
            if (event != null) {
                bind(queue, event);
            }
        }
    }

    boolean isInKernel(int queue) {
        return bound.get(queue) != 0;
    }

    private void bind(int queue, EventFd event) {
        boolean inKernel = base != PciBar.Listener.UNMAPPED && doorbells.bind(base + (long) queue * STRIDE, event);
        bound.set(queue, inKernel ? 1 : 0);
    }

    private void unbind(int queue, EventFd event) {
        if (bound.getAndSet(queue, 0) != 0) {
            doorbells.unbind(base + (long) queue * STRIDE, event);
        }
    }

    @Override
    public long read(long offset, int size) {
        return 0;
    }

    @Override
    public synchronized void write(long offset, int size, long value) {
        int queue = (int) offset / STRIDE;
        EventFd event = queue < events.length ? events[queue] : null;
        if (event != null) {
            event.signal();
        }
    }
}
