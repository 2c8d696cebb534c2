package org.kvmbeans.mbeans;

import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * A virtio network interface: {@code org.kvmbeans:type=Nic,vm=NAME,name=eth0}. Directions are the guest's. It is there as
 * long as the VM's definition has the interface, and counts across restarts of the VM.
 */
@Description("A virtio network interface of a VM")
public interface NicMXBean extends VirtioDeviceAttributes {
    @Description("The MAC address that the guest is given")
    String getMacAddress();

    @Description("What carries the packets: VHOST (TAP and the kernel's vhost-net), TAP, or USER (passt)")
    NicBackend getBackend();

    @Description("The interface on the host; empty while there is none")
    String getHostInterface();

    @Description("The bridge on the host that the interface belongs to; empty for none")
    String getBridge();

    @Description("Whether the link is up")
    boolean isLinkUp();

    @Description("The largest packet that the guest is told to send; 0 where it is told nothing")
    @Unit("bytes")
    int getMtuBytes();

    @Description("Data that the guest has received")
    @Unit("bytes")
    long getBytesReceived();

    @Description("Data that the guest has transmitted")
    @Unit("bytes")
    long getBytesTransmitted();

    @Description("Packets that the guest has received")
    long getPacketsReceivedTotal();

    @Description("Packets that the guest has transmitted")
    long getPacketsTransmittedTotal();

    @Description("Packets for the guest that were dropped, since it had no room")
    long getReceiveDropsTotal();

    @Description("Packets of the guest that were dropped, since the host did not take them")
    long getTransmitDropsTotal();

    @Description("Packets for the guest that were lost to an error")
    long getReceiveErrorsTotal();

    @Description("Packets of the guest that were lost to an error")
    long getTransmitErrorsTotal();

    @Description("Time for which packets for the guest waited for a rate limit")
    @Unit("nanoseconds")
    long getReceiveThrottledNanos();

    @Description("Time for which packets of the guest waited for a rate limit")
    @Unit("nanoseconds")
    long getTransmitThrottledNanos();

    @Description("Headline values that belong together")
    NicUsage getUsage();

    @Description("The rate limits of what the guest receives; 0 stands for none")
    RateLimits getReceiveLimits();

    @Description("The rate limits of what the guest transmits; 0 stands for none")
    RateLimits getTransmitLimits();

    @Description("Plugs the cable in: the guest is told")
    @OperationImpact(Impact.ACTION)
    void linkUp();

    @Description("Pulls the cable: the guest is told, and no packet passes")
    @OperationImpact(Impact.ACTION)
    void linkDown();

    /**
     * Sets the rate limits of what the guest receives, at once and in the definition.
     *
     * @throws IllegalStateException where the kernel's vhost-net serves the interface, which knows no limits
     * @throws IllegalArgumentException where a value is negative, or a burst comes without its rate
     */
    @Description(
            "Sets the rate limits of what the guest receives, at once and in the definition; 0 stands for no limit")
    @OperationImpact(Impact.ACTION)
    void limitReceive(
            @ParameterName("bytesPerSecond") @Description("Data in the long run") @Unit("bytes per second")
                    long bytesPerSecond,
            @ParameterName("burstBytes")
                    @Description("Data at once after a rest; 0: as much as a second has")
                    @Unit("bytes")
                    long burstBytes,
            @ParameterName("operationsPerSecond") @Description("Packets a second in the long run")
                    long operationsPerSecond,
            @ParameterName("burstOperations") @Description("Packets at once after a rest; 0: as many as a second has")
                    long burstOperations);

    /** Sets the rate limits of what the guest transmits; as {@link #limitReceive}. */
    @Description(
            "Sets the rate limits of what the guest transmits, at once and in the definition; 0 stands for no limit")
    @OperationImpact(Impact.ACTION)
    void limitTransmit(
            @ParameterName("bytesPerSecond") @Description("Data in the long run") @Unit("bytes per second")
                    long bytesPerSecond,
            @ParameterName("burstBytes")
                    @Description("Data at once after a rest; 0: as much as a second has")
                    @Unit("bytes")
                    long burstBytes,
            @ParameterName("operationsPerSecond") @Description("Packets a second in the long run")
                    long operationsPerSecond,
            @ParameterName("burstOperations") @Description("Packets at once after a rest; 0: as many as a second has")
                    long burstOperations);
}
