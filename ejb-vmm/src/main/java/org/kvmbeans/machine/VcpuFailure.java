package org.kvmbeans.machine;

import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.PosixException;

/** KVM_RUN failed. */
final class VcpuFailure extends PosixException {
    private static final long serialVersionUID = 1L;

    VcpuFailure(int vcpu, int errno) {
        super(
                "KVM_RUN",
                errno,
                "vcpu=" + vcpu + (errno == Errno.EFAULT ? ", the host has no memory for the guest" : ""));
    }
}
