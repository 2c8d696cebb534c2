package org.kvmbeans.machine.device;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.virtio.balloon.BalloonCounters;
import org.kvmbeans.virtio.balloon.BalloonStatistics;
import org.kvmbeans.virtio.balloon.VirtioBalloon;
import org.kvmbeans.virtio.spi.VirtioDevice;

/** The memory balloon of a machine. */
public final class VmBalloon extends VmDevice {
    /** How often the guest is asked for its statistics, milliseconds. */
    private static final long STATISTICS_MILLIS = 2_000;

    private final long guestBytes;
    private final BalloonCounters balloonCounters = new BalloonCounters();
    private volatile @Nullable VirtioBalloon device;

    /** @param guestBytes RAM of the guest */
    public VmBalloon(long guestBytes) {
        super("balloon", DeviceKind.BALLOON, VirtioBalloon.QUEUES);
        this.guestBytes = guestBytes;
    }

    /** What the balloon took, gave back and was told, since the definition. */
    public BalloonCounters balloonCounters() {
        return balloonCounters;
    }

    /** Bytes that the guest was asked to give up; 0 while the machine is off. */
    public long targetBytes() {
        VirtioBalloon current = device;
        return current == null ? 0 : current.targetBytes();
    }

    /** Bytes that the balloon holds, as the guest says; 0 while the machine is off. */
    public long actualBytes() {
        VirtioBalloon current = device;
        return current == null ? 0 : current.actualBytes();
    }

    /** What the guest last told of its memory; null where it has not yet. */
    public @Nullable BalloonStatistics statistics() {
        VirtioBalloon current = device;
        return current == null ? null : current.statistics();
    }

    /**
     * Asks the guest to give up so much.
     *
     * @param bytes 0 to the guest's RAM, in whole pages
     * @throws IllegalStateException where the machine is off
     */
    public void target(long bytes) {
        VirtioBalloon current = device;
        if (current == null) {
            throw new IllegalStateException("the VM is off, and its balloon empty; start it first");
        }
        current.setTargetBytes(bytes);
    }

    @Override
    public VirtioDevice open(DeviceHost host) {
        VirtioBalloon opened = new VirtioBalloon(host.loop(), guestBytes, counters(), balloonCounters);
        opened.setStatisticsPeriodMillis(STATISTICS_MILLIS);
        device = opened;
        return opened;
    }

    @Override
    public void detached() {
        device = null;
        super.detached();
    }
}
