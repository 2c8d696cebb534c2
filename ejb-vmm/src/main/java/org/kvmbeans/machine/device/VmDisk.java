package org.kvmbeans.machine.device;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.virtio.block.BlockCounters;
import org.kvmbeans.virtio.block.BlockFailure;
import org.kvmbeans.virtio.block.BlockOptions;
import org.kvmbeans.virtio.block.ErrorPolicy;
import org.kvmbeans.virtio.block.VirtioBlock;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.spi.VirtioDevice;

/** A virtio disk of a machine. Its image is open while the machine is powered. */
public final class VmDisk extends VmDevice {
    private final BlockCounters blockCounters = new BlockCounters();
    private final RateLimiter limiter = new RateLimiter(System::nanoTime);
    private volatile DiskDefinition definition;
    private volatile @Nullable VirtioBlock device;
    private volatile @Nullable SwitchableImage image;

    public VmDisk(DiskDefinition definition) {
        super(definition.name(), DeviceKind.DISK, definition.queues());
        this.definition = definition;
        limiter.limit(definition.limits());
    }

    /** The present definition: {@link #limit} changes it. */
    public DiskDefinition definition() {
        return definition;
    }

    /** Operations, bytes, errors and latency by kind of request, since the definition. */
    public BlockCounters blockCounters() {
        return blockCounters;
    }

    /** The disk as operations on it reach it, while the machine is powered; null while it is off. */
    public @Nullable SwitchableImage image() {
        return image;
    }

    /** The disk goes on with another image, for which {@link #image} was given it; whoever calls keeps the definition. */
    public void movedTo(Path path, DiskFormat format) {
        definition = definition.withImage(path, format);
    }

    /** Bytes that the guest sees; 0 while the machine is off. */
    public long sizeBytes() {
        VirtioBlock current = device;
        return current == null ? 0 : current.sizeBytes();
    }

    /** Bytes that the host's storage has allocated; 0 while the machine is off or where it cannot tell. */
    public long allocatedBytes() {
        VirtioBlock current = device;
        return current == null ? 0 : Math.max(0, current.allocatedBytes());
    }

    public RateLimits limits() {
        return limiter.limits();
    }

    /** Limits the requests to come, at once; whoever calls keeps the definition. */
    public void limit(RateLimits limits) {
        definition = definition.withLimits(limits);
        VirtioBlock current = device;
        if (current == null) {
            limiter.limit(limits);
        } else {
            current.limit(limits);
        }
    }

    /**
     * Changes the size of the image and tells the guest.
     *
     * @param bytes a multiple of the block size, above 0
     * @throws IllegalStateException where the machine is off, or the storage refuses
     */
    public void resize(long bytes) {
        VirtioBlock current = device;
        if (current == null) {
            throw new IllegalStateException("disk " + name() + " is not in use; start its VM, or resize the image "
                    + definition.path() + " with a tool");
        }
        try {
            current.resize(bytes);
        } catch (IOException e) {
            throw new IllegalStateException("disk " + name() + " cannot be resized: " + e.getMessage(), e);
        }
    }

    @Override
    public VirtioDevice open(DeviceHost host) {
        SwitchableImage disk = new SwitchableImage(name(), openImage(host));
        try {
            VirtioBlock opened = new VirtioBlock(
                    host.posix(), options(disk), disk, limiter, counters(), blockCounters, this::requestFailed);
            device = opened;
            image = disk;
            return opened;
        } catch (RuntimeException e) {
            closeQuietly(disk, e);
            throw e;
        }
    }

    private DiskImage openImage(DeviceHost host) {
        try {
            return host.disks().open(definition);
        } catch (IOException e) {
            throw new IllegalStateException("disk " + name() + ": " + e.getMessage(), e);
        }
    }

    private BlockOptions options(DiskImage disk) {
        return new BlockOptions(
                name(),
                definition.serial(),
                definition.queues(),
                BlockOptions.DEFAULT_QUEUE_SIZE,
                Math.max(definition.blockBytes(), disk.geometry().blockBytes()),
                definition.discard() ? BlockOptions.Unmap.OFFERED : BlockOptions.Unmap.WITHHELD,
                definition.onError());
    }

    private static void closeQuietly(DiskImage disk, RuntimeException cause) {
        try {
            disk.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private void requestFailed(BlockFailure failure) {
        failed(failure.message());
        if (failure.policy() == ErrorPolicy.STOP) {
            stopMachine("disk " + name() + ": " + failure.message() + "; mend that and resume");
        }
    }

    @Override
    public void resuming() {
        VirtioBlock current = device;
        if (current != null) {
            current.retryFailed();
        }
    }

    @Override
    public void detached() {
        device = null;
        image = null;
        super.detached();
    }
}
