package org.kvmbeans.sys;

/** A system call that failed where its caller had no use for the failure; the message names call and arguments. */
public class PosixException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param call the call, for example {@code KVM_CREATE_VCPU}
     * @param errno the error number, positive
     * @param arguments what it was called with, for example {@code id=3}; empty where it has none
     */
    public PosixException(String call, int errno, String arguments) {
        super(call + " failed: " + Errno.name(errno) + (arguments.isEmpty() ? "" : " (" + arguments + ")"));
        this.errno = errno;
    }

    /** The error number, positive. */
    public int errno() {
        return errno;
    }

    /** Passes a result on, or throws what it means as a failure of {@code call}. */
    public static long check(long result, String call, String arguments) {
        if (result < 0) {
            throw new PosixException(call, (int) -result, arguments);
        }
        return result;
    }

    /** Passes a result on, or throws what it means as a failure of {@code call}. */
    public static int check(int result, String call, String arguments) {
        if (result < 0) {
            throw new PosixException(call, -result, arguments);
        }
        return result;
    }
}
