package org.kvmbeans.virtio.transport;

import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.pci.PciConfigSpace;

/** The capabilities by which a driver finds the structures of a virtio function (virtio 1.2, 4.1.4). */
final class VirtioCapabilities {
    static final int COMMON = 1;
    static final int NOTIFY = 2;
    static final int ISR = 3;
    static final int DEVICE = 4;
    static final int PCI_CONFIG = 5;

    private static final int VENDOR_SPECIFIC = 0x09;
    private static final int BYTES = 16;
    private static final int LENGTH_BYTE = 2;
    private static final int TYPE_BYTE = 3;
    private static final int BAR_BYTE = 4;
    private static final int OFFSET_WORD = 8;
    private static final int LENGTH_WORD = 12;
    private static final int EXTRA_WORD = 16;

    private VirtioCapabilities() {}

    /** Says where a structure lies in BAR 0. */
    static int add(PciConfigSpace config, int type, int offset, int length) {
        return add(config, type, BYTES, offset, length);
    }

    private static int add(PciConfigSpace config, int type, int bytes, int offset, int length) {
        int at = config.addCapability(VENDOR_SPECIFIC, bytes);
        config.set(at + LENGTH_BYTE, 1, bytes);
        config.set(at + TYPE_BYTE, 1, type);
        config.set(at + OFFSET_WORD, 4, offset);
        config.set(at + LENGTH_WORD, 4, length);
        return at;
    }

    static void addNotify(PciConfigSpace config, int offset, int length, int multiplier) {
        int at = add(config, NOTIFY, BYTES + Integer.BYTES, offset, length);
        config.set(at + EXTRA_WORD, 4, multiplier);
    }

    /**
     * The capability through which a driver that cannot map memory reaches the BAR: it says where in the first words, and
     * the access to the last word goes there (4.1.4.9).
     */
    static final class Window {
        private final PciConfigSpace config;
        private final BusDevice target;
        private final long targetBytes;
        private final int at;

        Window(PciConfigSpace config, BusDevice target, long targetBytes) {
            this.config = config;
            this.target = target;
            this.targetBytes = targetBytes;
            at = add(config, PCI_CONFIG, BYTES + Integer.BYTES, 0, 0);
            config.makeWritable(at + BAR_BYTE, 1, 0xFF);
            config.makeWritable(at + OFFSET_WORD, 4, 0xFFFF_FFFFL);
            config.makeWritable(at + LENGTH_WORD, 4, 0xFFFF_FFFFL);
            config.makeWritable(at + EXTRA_WORD, 4, 0xFFFF_FFFFL);
        }

        /** Whether an access to configuration space is one to the data word. */
        boolean covers(int offset) {
            return offset >= at + EXTRA_WORD && offset < at + EXTRA_WORD + Integer.BYTES;
        }

        /** Before the data word is read: fetches what it is to show. */
        void fetch() {
            int length = length();
            if (length > 0) {
                config.write(at + EXTRA_WORD, length, target.read(offset(), length));
            }
        }

        /** After the data word was written: carries the write out. */
        void store() {
            int length = length();
            if (length > 0) {
                target.write(offset(), length, config.read(at + EXTRA_WORD, length));
            }
        }

        private long offset() {
            return config.read(at + OFFSET_WORD, 4);
        }

        /** The length of the access, 0 where it may not be made. */
        private int length() {
            long length = config.read(at + LENGTH_WORD, 4);
            long offset = offset();
            boolean allowed = (length == 1 || length == 2 || length == 4)
                    && config.read(at + BAR_BYTE, 1) == 0
                    && offset % length == 0
                    && offset + length <= targetBytes;
            return allowed ? (int) length : 0;
        }
    }
}
