package org.kvmbeans.kvm;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * The table of a VM by which global system interrupts (GSIs) find their destination: KVM_SET_GSI_ROUTING, KVM api.rst 4.52.
 *
 * <p>GSIs 0 to 23 are the pins of the I/O APIC and, below 16, of the two PICs as well, exactly as KVM_CREATE_IRQCHIP has
 * set them up. Above are GSIs for message-signalled interrupts, handed out by {@link #allocate}. The kernel takes the table
 * as a whole, so that interrupts always see the old one or the new one. May be used from any thread.
 */
public final class GsiRouting {
    /** The first GSI that is no pin. */
    public static final int FIRST_MSI = 24;

    // struct kvm_irq_routing and kvm_irq_routing_entry; proven by KvmLayoutTest
    static final int HEADER_BYTES = 8;
    static final int COUNT = 0;
    static final int ENTRY_BYTES = 48;
    static final int ENTRY_GSI = 0;
    static final int ENTRY_TYPE = 4;
    static final int ENTRY_IRQCHIP = 16;
    static final int ENTRY_PIN = 20;
    static final int ENTRY_ADDRESS_LOW = 16;
    static final int ENTRY_ADDRESS_HIGH = 20;
    static final int ENTRY_DATA = 24;
    static final int TYPE_IRQCHIP = 1;
    static final int TYPE_MSI = 2;
    static final int PIC_MASTER = 0;
    static final int PIC_SLAVE = 1;
    static final int IOAPIC = 2;
    static final int IOAPIC_PINS = 24;

    private static final int PIC_PINS = 8;
    private static final int LEGACY_ENTRIES = IOAPIC_PINS + 2 * PIC_PINS;

    private record Message(long address, int data) {}

    private final Posix posix;
    private final OwnedFd vm;
    private final boolean extendedDestinations;
    private final int messageLimit;
    private final BitSet allocated = new BitSet();
    private final Map<Integer, Message> routes = new TreeMap<>();

    GsiRouting(Posix posix, OwnedFd vm, int entryLimit, boolean extendedDestinations) {
        this.posix = posix;
        this.vm = vm;
        this.extendedDestinations = extendedDestinations;
        this.messageLimit = Math.max(0, entryLimit - LEGACY_ENTRIES);
    }

    /** Reserves a GSI for messages; -1 where KVM has no more. It leads nowhere until {@link #route}. */
    public synchronized int allocate() {
        int index = allocated.nextClearBit(0);
        if (index >= messageLimit) {
            return -1;
        }
        allocated.set(index);
        return FIRST_MSI + index;
    }

    /**
     * Lets a GSI send a message; does nothing where it does so already.
     *
     * @param gsi one that {@link #allocate} has given
     * @param address as the guest writes it to a device, the extended destination id included
     * @param data as the guest writes it to a device
     * @throws org.kvmbeans.sys.PosixException where KVM refuses; the former routes remain
     */
    public synchronized void route(int gsi, long address, int data) {
        Message wanted = new Message(address, data);
        Message former = routes.put(gsi, wanted);
        if (wanted.equals(former)) {
            return;
        }
        try {
            apply();
        } catch (RuntimeException e) {
            if (former == null) {
                routes.remove(gsi);
            } else {
                routes.put(gsi, former);
            }
            throw e;
        }
    }

    /** Takes a GSI back, no eventfd being joined to it any more. The kernel forgets its route at the next change. */
    public synchronized void free(int gsi) {
        routes.remove(gsi);
        allocated.clear(gsi - FIRST_MSI);
    }

    /** How many GSIs are reserved for messages. */
    public synchronized int allocatedCount() {
        return allocated.cardinality();
    }

    private void apply() {
        int count = LEGACY_ENTRIES + routes.size();
        NativeStruct struct = new NativeStruct(posix, HEADER_BYTES + count * ENTRY_BYTES);
        ByteBuffer buffer = struct.buffer();
        buffer.putInt(COUNT, count);
        int at = HEADER_BYTES;
        for (int gsi = 0; gsi < IOAPIC_PINS; gsi++) {
            at = putPin(buffer, at, gsi, IOAPIC, gsi);
            if (gsi < 2 * PIC_PINS) {
                at = putPin(buffer, at, gsi, gsi < PIC_PINS ? PIC_MASTER : PIC_SLAVE, gsi % PIC_PINS);
            }
        }
        for (Map.Entry<Integer, Message> route : routes.entrySet()) {
            long address = route.getValue().address();
            buffer.putInt(at + ENTRY_GSI, route.getKey())
                    .putInt(at + ENTRY_TYPE, TYPE_MSI)
                    .putInt(at + ENTRY_ADDRESS_LOW, MsiAddress.low(address, extendedDestinations))
                    .putInt(at + ENTRY_ADDRESS_HIGH, MsiAddress.high(address, extendedDestinations))
                    .putInt(at + ENTRY_DATA, route.getValue().data());
            at += ENTRY_BYTES;
        }
        vm.ioctl("KVM_SET_GSI_ROUTING", KvmIoctl.KVM_SET_GSI_ROUTING, struct, "entries=" + count);
    }

    private static int putPin(ByteBuffer buffer, int at, int gsi, int chip, int pin) {
        buffer.putInt(at + ENTRY_GSI, gsi)
                .putInt(at + ENTRY_TYPE, TYPE_IRQCHIP)
                .putInt(at + ENTRY_IRQCHIP, chip)
                .putInt(at + ENTRY_PIN, pin);
        return at + ENTRY_BYTES;
    }
}
