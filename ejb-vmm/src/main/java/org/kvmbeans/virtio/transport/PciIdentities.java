package org.kvmbeans.virtio.transport;

import org.kvmbeans.bus.pci.PciIdentity;

/** What virtio functions say they are (virtio 1.2, 4.1.2; PCI Code and ID Assignment 1.16, 1). */
final class PciIdentities {
    private static final int VENDOR = 0x1AF4;
    private static final int FIRST_DEVICE = 0x1040;
    /** Subsystem ids of devices that are not transitional begin here. */
    private static final int FIRST_SUBSYSTEM = 0x40;

    private static final int REVISION = 1;

    private static final int ETHERNET = 0x020000;
    private static final int OTHER_STORAGE = 0x018000;
    private static final int OTHER_COMMUNICATION = 0x078000;
    private static final int OTHER_SYSTEM_PERIPHERAL = 0x088000;

    private PciIdentities() {}

    static PciIdentity of(int type) {
        return new PciIdentity(VENDOR, FIRST_DEVICE + type, REVISION, classCode(type), VENDOR, FIRST_SUBSYSTEM + type);
    }

    private static int classCode(int type) {
        return switch (type) {
            case 1 -> ETHERNET;
            case 2 -> OTHER_STORAGE;
            case 3, 19 -> OTHER_COMMUNICATION; // console, socket
            default -> OTHER_SYSTEM_PERIPHERAL;
        };
    }
}
