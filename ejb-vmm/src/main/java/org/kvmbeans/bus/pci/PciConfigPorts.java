package org.kvmbeans.bus.pci;

import org.kvmbeans.bus.BusDevice;

/**
 * Configuration mechanism #1: the address register at port 0xCF8, written by accesses of four bytes alone, and the data
 * window at 0xCFC (PCI Local Bus 3.0, 3.2.2.3.2). A one-byte access to port 0xCF9 is the reset control register's.
 */
final class PciConfigPorts implements BusDevice {
    private static final int RESET_CONTROL = 1;
    private static final int DATA = 4;

    private static final int ENABLE = 1 << 31;
    /** The enable bit, bus, device, function and register number; the others read as zero. */
    private static final int ADDRESS_BITS = 0x80FF_FFFC;

    private static final int BUS_SHIFT = 16;
    private static final int SLOT_SHIFT = 11;
    private static final int FUNCTION_SHIFT = 8;
    private static final int FUNCTION_MASK = 7;
    private static final int REGISTER_MASK = 0xFC;

    private final PciHostBridge bridge;
    private final BusDevice resetControl;
    /** As on hardware there is one for all CPUs, which take turns. */
    private volatile int address;

    PciConfigPorts(PciHostBridge bridge, BusDevice resetControl) {
        this.bridge = bridge;
        this.resetControl = resetControl;
    }

    @Override
    public long read(long offset, int size) {
        if (offset == RESET_CONTROL && size == 1) {
            return resetControl.read(0, 1);
        }
        if (offset == 0 && size == Long.BYTES) {
            return read(0, Integer.BYTES) | read(DATA, Integer.BYTES) << Integer.SIZE;
        }
        if (offset < DATA) {
            return offset == 0 && size == Integer.BYTES ? address & 0xFFFF_FFFFL : allOnes(size);
        }
        int selected = address;
        if (!isBusZero(selected)) {
            return allOnes(size);
        }
        return bridge.readConfig(slot(selected), function(selected), register(selected, offset), size);
    }

    @Override
    public void write(long offset, int size, long value) {
        if (offset == RESET_CONTROL && size == 1) {
            resetControl.write(0, 1, value);
        } else if (offset == 0 && size == Integer.BYTES) {
            address = (int) value & ADDRESS_BITS;
        } else if (offset >= DATA) {
            int selected = address;
            if (isBusZero(selected)) {
                bridge.writeConfig(slot(selected), function(selected), register(selected, offset), size, value);
            }
        }
    }

    private static boolean isBusZero(int selected) {
        return (selected & ENABLE) != 0 && (selected >>> BUS_SHIFT & 0xFF) == 0;
    }

    private static int slot(int selected) {
        return selected >>> SLOT_SHIFT & (PciHostBridge.SLOTS - 1);
    }

    private static int function(int selected) {
        return selected >>> FUNCTION_SHIFT & FUNCTION_MASK;
    }

    private static int register(int selected, long offset) {
        return (selected & REGISTER_MASK) + (int) offset - DATA;
    }

    private static long allOnes(int size) {
        return -1L >>> (Long.SIZE - Byte.SIZE * size);
    }
}
