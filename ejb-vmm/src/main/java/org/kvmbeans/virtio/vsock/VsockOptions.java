package org.kvmbeans.virtio.vsock;

/**
 * What a vsock device has.
 *
 * @param cid context id of the guest, its address: {@link #MIN_CID} to {@link #MAX_CID}, one guest of a host each
 */
public record VsockOptions(long cid) {
    /** The smallest: 0 to 2 stand for the hypervisor, the own machine and the host (virtio 1.2, 5.10.4). */
    public static final long MIN_CID = 3;
    /** The largest: 2^32-1 stands for any, and the upper 32 bits are reserved. */
    public static final long MAX_CID = 0xFFFF_FFFEL;

    public VsockOptions {
        if (cid < MIN_CID || cid > MAX_CID) {
            throw new IllegalArgumentException("vsock cid is " + cid + "; give " + MIN_CID + " to " + MAX_CID);
        }
    }
}
