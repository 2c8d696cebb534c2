package org.kvmbeans.machine.device;

import org.kvmbeans.virtio.rng.KernelEntropy;
import org.kvmbeans.virtio.rng.VirtioRng;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.VirtioDevice;

/** The source of entropy of a machine. */
public final class VmRng extends VmDevice {
    public VmRng() {
        super("rng", DeviceKind.RNG, 1);
    }

    @Override
    public VirtioDevice open(DeviceHost host) {
        return new VirtioRng(
                host.posix(),
                host.loop(),
                new KernelEntropy(host.posix()),
                new RateLimiter(System::nanoTime),
                counters().get(0));
    }
}
