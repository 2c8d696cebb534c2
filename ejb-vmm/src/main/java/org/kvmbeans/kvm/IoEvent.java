package org.kvmbeans.kvm;

import org.jspecify.annotations.Nullable;

/**
 * A write of the guest that an eventfd is to tell of (KVM api.rst 4.59).
 *
 * @param space where the address is
 * @param address guest-physical address or port number
 * @param lengthBytes size of the write: 1, 2, 4 or 8; 0 for any size, which knows no {@code match} and, for KVM, needs
 *     {@link Capability#IOEVENTFD_ANY_LENGTH}
 * @param match the value that counts; null for every value
 */
public record IoEvent(
        Space space,
        long address,
        int lengthBytes,
        @Nullable Long match) {
    /** The two address spaces of the guest. */
    public enum Space {
        MMIO,
        PORT
    }

    /** Writes of any size and value to a guest-physical address. */
    public static IoEvent mmio(long gpa) {
        return new IoEvent(Space.MMIO, gpa, 0, null);
    }

    /** Writes of one size and value to a guest-physical address. */
    public static IoEvent mmio(long gpa, int lengthBytes, long match) {
        return new IoEvent(Space.MMIO, gpa, lengthBytes, match);
    }

    /** Writes of one size to a port. */
    public static IoEvent port(int port, int lengthBytes) {
        return new IoEvent(Space.PORT, port, lengthBytes, null);
    }

    /** Writes of one size and value to a port. */
    public static IoEvent port(int port, int lengthBytes, long match) {
        return new IoEvent(Space.PORT, port, lengthBytes, match);
    }
}
