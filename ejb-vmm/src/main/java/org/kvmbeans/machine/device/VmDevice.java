package org.kvmbeans.machine.device;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.VirtioDevice;

/**
 * A device of a machine: the same one over resets, restarts and stops, with what its operators set and read.
 *
 * <p>For each power cycle it makes the {@link VirtioDevice} that the guest meets. Readings are cheap, wait for nobody, and
 * may be made from any thread. {@link #open}, {@link #attached} and {@link #detached} belong to the board.
 */
public abstract class VmDevice {
    private final String name;
    private final DeviceKind kind;
    private final List<QueueMonitor> queues;
    private volatile @Nullable DeviceAttachment attachment;
    private volatile boolean removing;
    private volatile String lastError = "";
    private volatile Consumer<VmDevice> onError = device -> {};
    private volatile Consumer<String> onStop = why -> {};

    /** @param queueCount virtqueues that it has */
    VmDevice(String name, DeviceKind kind, int queueCount) {
        this.name = name;
        this.kind = kind;
        this.queues = IntStream.range(0, queueCount)
                .mapToObj(id -> new QueueMonitor(this, id))
                .toList();
    }

    /** Unique among the devices of the machine. */
    public final String name() {
        return name;
    }

    public final DeviceKind kind() {
        return kind;
    }

    public final DeviceState state() {
        DeviceAttachment current = attachment;
        if (current == null) {
            return DeviceState.DETACHED;
        }
        if (removing) {
            return DeviceState.REMOVING;
        }
        if (!current.resetReason().isEmpty()) {
            return DeviceState.NEEDS_RESET;
        }
        return current.driverReady() ? DeviceState.ACTIVE : DeviceState.INACTIVE;
    }

    /** The feature bits that the driver accepted (virtio 1.2, 2.2); 0 without a driver. */
    public final long negotiatedFeatures() {
        DeviceAttachment current = attachment;
        return current == null ? 0 : current.negotiatedFeatures();
    }

    /** What went wrong last, as a sentence; empty when nothing did. */
    public String lastError() {
        DeviceAttachment current = attachment;
        String reason = current == null ? "" : current.resetReason();
        return reason.isEmpty() ? lastError : reason;
    }

    /** Its virtqueues, by number. */
    public final List<QueueMonitor> queues() {
        return queues;
    }

    /**
     * Makes the device for one power cycle, with what it needs of the host.
     *
     * @throws RuntimeException where the host does not give it; the message names what, and what would be right
     */
    public abstract VirtioDevice open(DeviceHost host);

    /** The machine is about to go on after a pause, which its device may have asked for. */
    public void resuming() {}

    /** It sits in a slot of a powered board from now on. */
    public final void attached(DeviceAttachment board) {
        removing = false;
        attachment = board;
    }

    /** The power cycle, or its time in the slot, is over, and its device closed. */
    public void detached() {
        attachment = null;
        removing = false;
    }

    /** The guest has been asked to give it back. */
    public final void removing() {
        removing = true;
    }

    /** Who hears of errors, on the thread that met them; it must not block. */
    public final void onError(Consumer<VmDevice> listener) {
        onError = listener;
    }

    /** Who pauses the machine where the definition says that an error does; it must not block. */
    public final void onStop(Consumer<String> machine) {
        onStop = machine;
    }

    /** Keeps an error for the operator, and tells the listener. */
    final void failed(String what) {
        lastError = what;
        onError.accept(this);
    }

    /** Asks for a pause of the machine. */
    final void stopMachine(String why) {
        onStop.accept(why);
    }

    final @Nullable DeviceAttachment attachment() {
        return attachment;
    }

    final List<QueueCounters> counters() {
        return queues.stream().map(QueueMonitor::counters).toList();
    }
}
