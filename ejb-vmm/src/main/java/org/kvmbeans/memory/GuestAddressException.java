package org.kvmbeans.memory;

/** An access to a guest-physical address that is not RAM. */
public class GuestAddressException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public GuestAddressException(long guestAddress, long length) {
        super(String.format("guest address 0x%x, length %d: not in guest memory", guestAddress, length));
    }
}
