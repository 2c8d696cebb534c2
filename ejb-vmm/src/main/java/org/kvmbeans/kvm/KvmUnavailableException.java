package org.kvmbeans.kvm;

/** KVM cannot be used on this host; the message says why and what would help. */
public class KvmUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public KvmUnavailableException(String message) {
        super(message);
    }
}
