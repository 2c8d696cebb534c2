package org.kvmbeans.kvm;

/**
 * The address of a message-signalled interrupt as a guest writes it and as KVM wants it.
 *
 * <p>The guest's is Intel's (SDM volume 3, 11.11.1): {@code 0xFEE} in bits 31 to 20, eight bits of the destination's APIC
 * id in bits 19 to 12, nothing above bit 31. A guest that saw KVM_FEATURE_MSI_EXT_DEST_ID puts seven more bits of the id into
 * bits 11 to 5 (Linux, Documentation/virt/kvm/x86/cpuid.rst and arch/x86/include/asm/msi.h). KVM takes the bits from 8 up
 * of a 32-bit id in bits 63 to 40 of the address, where 32-bit ids are enabled (KVM api.rst 4.52 and 7.7).
 */
final class MsiAddress {
    private static final int EXTENDED_DESTINATION = 0xFE0;
    /** From bits 11 to 5 of the low word to bits 14 to 8 of the high one. */
    private static final int EXTENDED_DESTINATION_SHIFT = 3;
    /** Set for an interrupt that an IOMMU is to remap, which has another layout. */
    private static final int REMAPPABLE = 1 << 4;

    private MsiAddress() {}

    static int low(long address, boolean extendedDestinations) {
        return hasExtension(address, extendedDestinations) ? (int) address & ~EXTENDED_DESTINATION : (int) address;
    }

    static int high(long address, boolean extendedDestinations) {
        return hasExtension(address, extendedDestinations)
                ? ((int) address & EXTENDED_DESTINATION) << EXTENDED_DESTINATION_SHIFT
                : 0;
    }

    private static boolean hasExtension(long address, boolean extendedDestinations) {
        return extendedDestinations && (address & REMAPPABLE) == 0;
    }
}
