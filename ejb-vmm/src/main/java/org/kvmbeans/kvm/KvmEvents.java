package org.kvmbeans.kvm;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * Joins eventfds to a VM, so that neither a guest's notification nor an interrupt passes through this process: KVM api.rst
 * 4.59 (KVM_IOEVENTFD), 4.75 (KVM_IRQFD) and 4.70 (KVM_SIGNAL_MSI).
 *
 * <p>Each method returns 0 or more, or a negated {@link org.kvmbeans.sys.Errno}: KVM runs out of places for events, and a
 * caller can do without. May be used from any thread.
 */
public final class KvmEvents {
    // struct kvm_ioeventfd; offsets and flags are proven by KvmLayoutTest
    static final int IOEVENTFD_BYTES = 64;
    static final int IOEVENTFD_MATCH = 0;
    static final int IOEVENTFD_ADDRESS = 8;
    static final int IOEVENTFD_LENGTH = 16;
    static final int IOEVENTFD_FD = 20;
    static final int IOEVENTFD_FLAGS = 24;
    static final int IOEVENTFD_FLAG_DATAMATCH = 1;
    static final int IOEVENTFD_FLAG_PIO = 2;
    static final int IOEVENTFD_FLAG_DEASSIGN = 4;

    // struct kvm_irqfd
    static final int IRQFD_BYTES = 32;
    static final int IRQFD_FD = 0;
    static final int IRQFD_GSI = 4;
    static final int IRQFD_FLAGS = 8;
    static final int IRQFD_RESAMPLE_FD = 12;
    static final int IRQFD_FLAG_DEASSIGN = 1;
    static final int IRQFD_FLAG_RESAMPLE = 2;

    // struct kvm_msi
    static final int MSI_BYTES = 32;
    static final int MSI_ADDRESS_LOW = 0;
    static final int MSI_ADDRESS_HIGH = 4;
    static final int MSI_DATA = 8;

    private final Posix posix;
    private final OwnedFd vm;
    private final boolean extendedDestinations;

    KvmEvents(Posix posix, OwnedFd vm, boolean extendedDestinations) {
        this.posix = posix;
        this.vm = vm;
        this.extendedDestinations = extendedDestinations;
    }

    /** Signals {@code eventFd} at each such write, which then causes no exit to this process. */
    public int assign(IoEvent event, int eventFd) {
        return ioEventFd(event, eventFd, 0);
    }

    /** Takes {@link #assign(IoEvent, int)} back; the same arguments. */
    public int deassign(IoEvent event, int eventFd) {
        return ioEventFd(event, eventFd, IOEVENTFD_FLAG_DEASSIGN);
    }

    private int ioEventFd(IoEvent event, int eventFd, int flags) {
        NativeStruct struct = new NativeStruct(posix, IOEVENTFD_BYTES);
        ByteBuffer buffer = struct.buffer();
        int allFlags = flags | (event.space() == IoEvent.Space.PORT ? IOEVENTFD_FLAG_PIO : 0);
        @Nullable Long match = event.match();
        if (match != null) {
            allFlags |= IOEVENTFD_FLAG_DATAMATCH;
            buffer.putLong(IOEVENTFD_MATCH, match);
        }
        buffer.putLong(IOEVENTFD_ADDRESS, event.address())
                .putInt(IOEVENTFD_LENGTH, event.lengthBytes())
                .putInt(IOEVENTFD_FD, eventFd)
                .putInt(IOEVENTFD_FLAGS, allFlags);
        return call(KvmIoctl.KVM_IOEVENTFD, struct);
    }

    /**
     * Injects an edge of {@code gsi} whenever {@code eventFd} is signalled. A counter that is not 0 already may inject one
     * at once.
     */
    public int assignInterrupt(int gsi, int eventFd) {
        return irqFd(gsi, eventFd, 0, 0);
    }

    /**
     * Raises {@code gsi} when {@code eventFd} is signalled, and lowers it and signals {@code resampleFd} when the guest
     * acknowledges: for level-triggered interrupts. Needs {@link Capability#IRQFD_RESAMPLE}.
     */
    public int assignLevelInterrupt(int gsi, int eventFd, int resampleFd) {
        return irqFd(gsi, eventFd, IRQFD_FLAG_RESAMPLE, resampleFd);
    }

    /** Takes an assignment back: afterwards signals stay in the eventfd's counter. */
    public int deassignInterrupt(int gsi, int eventFd) {
        return irqFd(gsi, eventFd, IRQFD_FLAG_DEASSIGN, 0);
    }

    private int irqFd(int gsi, int eventFd, int flags, int resampleFd) {
        NativeStruct struct = new NativeStruct(posix, IRQFD_BYTES);
        struct.buffer()
                .putInt(IRQFD_FD, eventFd)
                .putInt(IRQFD_GSI, gsi)
                .putInt(IRQFD_FLAGS, flags)
                .putInt(IRQFD_RESAMPLE_FD, resampleFd);
        return call(KvmIoctl.KVM_IRQFD, struct);
    }

    /**
     * KVM_SIGNAL_MSI: injects a message-signalled interrupt without a route.
     *
     * @param address as the guest writes it to a device
     * @param data as the guest writes it to a device
     */
    public int signalMsi(long address, int data) {
        NativeStruct struct = new NativeStruct(posix, MSI_BYTES);
        struct.buffer()
                .putInt(MSI_ADDRESS_LOW, MsiAddress.low(address, extendedDestinations))
                .putInt(MSI_ADDRESS_HIGH, MsiAddress.high(address, extendedDestinations))
                .putInt(MSI_DATA, data);
        return call(KvmIoctl.KVM_SIGNAL_MSI, struct);
    }

    private int call(long request, NativeStruct struct) {
        try {
            return vm.ioctl(request, struct.address());
        } finally {
            Reference.reachabilityFence(struct);
        }
    }
}
