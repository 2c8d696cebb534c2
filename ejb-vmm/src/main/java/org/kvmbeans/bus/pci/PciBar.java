package org.kvmbeans.bus.pci;

import org.kvmbeans.bus.BusDevice;

/**
 * A base address register: a range of addresses that the guest places (PCI Express Base 6.0, 7.5.1.2.1).
 *
 * @param index 0 to 5; a 64-bit one takes the next as well
 * @param type space and width
 * @param sizeBytes a power of two: from 16 for memory, from 4 to 256 for I/O
 * @param name what errors call it
 * @param device answers accesses, by the offset from the base
 * @param listener hears where it is
 */
public record PciBar(int index, Type type, long sizeBytes, String name, BusDevice device, Listener listener) {
    /** How many registers there are. */
    public static final int COUNT = 6;

    private static final int MIN_MEMORY_BYTES = 16;
    private static final int MIN_IO_BYTES = 4;
    private static final int MAX_IO_BYTES = 256;
    private static final long MAX_MEMORY_32_BYTES = 1L << 31;
    private static final long MAX_MEMORY_64_BYTES = 1L << 40;

    /** Address space and width, with the type bits of the register. */
    public enum Type {
        MEMORY_32(PciWindow.Kind.MEMORY, 0),
        MEMORY_64(PciWindow.Kind.MEMORY, 0x4),
        /** Reads have no side effects. */
        MEMORY_64_PREFETCHABLE(PciWindow.Kind.MEMORY, 0xC),
        IO(PciWindow.Kind.IO, 0x1);

        private final PciWindow.Kind space;
        private final int bits;

        Type(PciWindow.Kind space, int bits) {
            this.space = space;
            this.bits = bits;
        }

        /** Where it lies. */
        public PciWindow.Kind space() {
            return space;
        }

        /** Whether it takes two registers. */
        public boolean isWide() {
            return this == MEMORY_64 || this == MEMORY_64_PREFETCHABLE;
        }

        int bits() {
            return bits;
        }
    }

    /** Hears where a BAR is. Called under the lock of the configuration space, which it must not enter again. */
    public interface Listener {
        /** One that does not care. */
        Listener NONE = address -> {};

        /** The address of a listener that is told its BAR is not decoded. */
        long UNMAPPED = -1;

        /** The BAR is at {@code address} from now on, or {@link #UNMAPPED}. */
        void moved(long address);
    }

    /** @throws IllegalArgumentException where the registers or the size cannot be */
    public PciBar {
        int registers = type.isWide() ? 2 : 1;
        long min = type == Type.IO ? MIN_IO_BYTES : MIN_MEMORY_BYTES;
        long max = type == Type.IO ? MAX_IO_BYTES : type.isWide() ? MAX_MEMORY_64_BYTES : MAX_MEMORY_32_BYTES;
        if (index < 0
                || index + registers > COUNT
                || Long.bitCount(sizeBytes) != 1
                || sizeBytes < min
                || sizeBytes > max) {
            throw new IllegalArgumentException(
                    "BAR %d of %s, %s of %d bytes: it must be 0 to 5 and a power of two from %d to %d"
                            .formatted(index, name, type, sizeBytes, min, max));
        }
    }

    /** Offset of its register in configuration space. */
    int register() {
        return PciRegister.BAR_0 + index * Integer.BYTES;
    }
}
