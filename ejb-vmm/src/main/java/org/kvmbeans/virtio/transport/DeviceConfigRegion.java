package org.kvmbeans.virtio.transport;

import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.virtio.spi.VirtioDevice;

/** The device's own configuration space in the BAR (virtio 1.2, 4.1.4.6): reads beyond it are zero, writes are lost. */
final class DeviceConfigRegion implements BusDevice {
    private final VirtioDevice device;
    private final int bytes;

    DeviceConfigRegion(VirtioDevice device) {
        this.device = device;
        this.bytes = device.configBytes();
    }

    @Override
    public long read(long offset, int size) {
        return offset < bytes ? device.readConfig((int) offset, size) : 0;
    }

    @Override
    public void write(long offset, int size, long value) {
        if (offset + size <= bytes) {
            device.writeConfig((int) offset, size, value);
        }
    }
}
