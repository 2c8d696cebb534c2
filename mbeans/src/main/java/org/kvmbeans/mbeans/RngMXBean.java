package org.kvmbeans.mbeans;

/** The source of random bytes of a VM: {@code org.kvmbeans:type=Rng,vm=NAME}. */
@Description("The source of random bytes of a VM")
public interface RngMXBean extends VirtioDeviceAttributes {
    @Description("Random data that the guest was given")
    @Unit("bytes")
    long getBytesDelivered();

    @Description("Requests for random data")
    long getRequestsTotal();
}
