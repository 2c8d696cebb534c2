package org.kvmbeans.machine;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.bus.pci.MsiVector;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.PosixException;

/**
 * One message-signalled interrupt: an eventfd whose signals KVM turns into the message, through a GSI of its own.
 *
 * <p>Eventfd and GSI are taken when the eventfd is first asked for or the vector first unmasked. While masked the eventfd is
 * not joined to KVM, so that its counter keeps what is signalled. Where the host has no descriptors or KVM no GSIs left,
 * {@link #signal} still works, by KVM_SIGNAL_MSI.
 */
final class KvmMsiVector implements MsiVector {
    private static final int NONE = -1;

    /** Messages to local APICs go to these 1 MiB (Intel SDM volume 3, 11.11.1); others are no interrupts. */
    private static final long APIC_WINDOW = 0xFEE0_0000L;

    private static final long APIC_WINDOW_MASK = ~0xF_FFFFL;

    private final KvmMsiRouter router;
    private final String name;
    private @Nullable EventFd event;
    private int gsi = NONE;
    private long address;
    private int data;
    private boolean unmasked;
    private boolean joined;
    private boolean pending;
    private boolean closed;

    KvmMsiVector(KvmMsiRouter router, String name) {
        this.router = router;
        this.name = name;
    }

    @Override
    public synchronized void program(long newAddress, int newData) {
        address = newAddress;
        data = newData;
        if (unmasked) {
            connect();
        }
    }

    @Override
    public synchronized void mask() {
        unmasked = false;
        disconnect();
    }

    @Override
    public synchronized void unmask() {
        if (closed) {
            return;
        }
        unmasked = true;
        takePending();
        connect();
        if (pending) {
            pending = false;
            deliver();
        }
    }

    @Override
    public synchronized boolean isPending() {
        takePending();
        return pending;
    }

    @Override
    public synchronized void signal() {
        if (closed) {
            return;
        }
        if (unmasked) {
            deliver();
        } else {
            pending = true;
        }
    }

    @Override
    public synchronized int eventFd() {
        if (closed || !reserveGsi()) {
            return NONE;
        }
        EventFd present = eventOrNull();
        return present == null ? NONE : present.number();
    }

    @Override
    public synchronized void reset() {
        mask();
        takePending();
        pending = false;
        address = 0;
        data = 0;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        mask();
        closed = true;
        if (gsi != NONE) {
            router.routing().free(gsi);
            gsi = NONE;
        }
        EventFd present = event;
        if (present != null) {
            present.close();
            event = null;
        }
    }

    /** Moves what was signalled while masked from the counter into {@link #pending}; joined, KVM takes it. */
    private void takePending() {
        EventFd present = event;
        if (present != null && !joined && present.take() > 0) {
            pending = true;
        }
    }

    private boolean isInterrupt() {
        return (address & APIC_WINDOW_MASK) == APIC_WINDOW;
    }

    /** Routes the message, and joins the eventfd to the route. */
    private void connect() {
        if (!isInterrupt()) {
            disconnect();
            return;
        }
        EventFd present = eventOrNull();
        if (present == null || !reserveGsi()) {
            return;
        }
        try {
            router.routing().route(gsi, address, data);
        } catch (PosixException e) {
            // A message that KVM does not know, such as a remappable one: it leads nowhere.
            disconnect();
            return;
        }
        if (!joined) {
            joined = router.events().assignInterrupt(gsi, present.number()) >= 0;
        }
    }

    private boolean reserveGsi() {
        if (gsi == NONE) {
            gsi = router.routing().allocate();
        }
        return gsi != NONE;
    }

    private void disconnect() {
        EventFd present = event;
        if (joined && present != null) {
            router.events().deassignInterrupt(gsi, present.number());
            joined = false;
        }
    }

    private void deliver() {
        EventFd present = event;
        if (joined && present != null) {
            present.signal();
        } else if (isInterrupt()) {
            router.events().signalMsi(address, data);
        }
    }

    private @Nullable EventFd eventOrNull() {
        if (event == null) {
            try {
                event = EventFd.create(router.posix());
            } catch (PosixException e) {
                return null; // no descriptors: signal() does without
            }
        }
        return event;
    }

    @Override
    public String toString() {
        return name + ", GSI " + gsi;
    }
}
