package org.kvmbeans.virtio.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.pci.MsixTable;
import org.kvmbeans.bus.pci.PciBar;
import org.kvmbeans.bus.pci.PciConfigSpace;
import org.kvmbeans.bus.pci.PciFunction;
import org.kvmbeans.virtio.spi.VirtioDevice;

/**
 * A virtio device as a PCI function (virtio 1.2, 4.1), of the modern kind alone.
 *
 * <p>BAR 0 holds the virtio structures, BAR 1 the MSI-X table; both are 32-bit memory. There is a vector for each queue and
 * one for configuration changes, and the pin for drivers that use neither. Methods may be called from any thread, and what
 * a guest writes, wherever and however, throws nothing.
 */
public final class VirtioPciFunction implements PciFunction {
    private static final int STRUCTURES_BAR = 0;
    private static final int MSIX_BAR = 1;

    private static final int PAGE_BYTES = 0x1000;
    private static final int COMMON_OFFSET = 0;
    private static final int ISR_OFFSET = PAGE_BYTES;
    private static final int ISR_BYTES = 4;
    private static final int DEVICE_OFFSET = 2 * PAGE_BYTES;
    private static final int NOTIFY_OFFSET = 3 * PAGE_BYTES;

    private final String name;
    private final VirtioDevice device;
    private final PciConfigSpace config;
    private final MsixTable msix;
    private final TransportInterrupts interrupts;
    private final DoorbellBank doorbells;
    private final DeviceControl control;
    private final CommonConfig common;
    private final VirtioCapabilities.Window window;

    /**
     * Makes the function; the device is its own from now on, to be closed with it.
     *
     * @param name what errors and observers call it
     * @throws IllegalArgumentException where the device has more queues or configuration than the function has room for
     */
    public VirtioPciFunction(String name, VirtioDevice device, VirtioPciHost host) {
        this.name = name;
        this.device = device;
        int queues = device.queueSizes().length;
        if (queues >= MsixTable.MAX_VECTORS || device.configBytes() > PAGE_BYTES) {
            throw new IllegalArgumentException(
                    "%s: %d queues and %d bytes of configuration; a function has room for 2,047 and 4,096"
                            .formatted(name, queues, device.configBytes()));
        }
        config = new PciConfigSpace(PciIdentities.of(device.type()));
        config.addInterruptPin();
        msix = new MsixTable(host.interrupts(), name, queues + 1);
        interrupts = new TransportInterrupts(msix, config.intx(), queues);
        doorbells = new DoorbellBank(host.posix(), host.doorbells(), queues);
        control = new DeviceControl(device, host.memory(), doorbells, interrupts);
        common = new CommonConfig(control);
        installMsix();
        window = installStructures();
        config.addExpressCapability();
    }

    private void installMsix() {
        int pendingOffset = roundUp(msix.size() * MsixTable.ENTRY_BYTES, PAGE_BYTES / 2);
        AddressBus registers = new AddressBus();
        registers.add("MSI-X table", 0, (long) msix.size() * MsixTable.ENTRY_BYTES, msix.table());
        registers.add("MSI-X pending bits", pendingOffset, msix.pendingBytes(), msix.pendingBits());
        long bytes = powerOfTwo(Math.max(PAGE_BYTES, pendingOffset + msix.pendingBytes()));
        PciBar bar =
                new PciBar(MSIX_BAR, PciBar.Type.MEMORY_32, bytes, name + " MSI-X", registers, PciBar.Listener.NONE);
        config.addBar(bar);
        msix.install(config, MSIX_BAR, 0, pendingOffset);
    }

    private VirtioCapabilities.Window installStructures() {
        AddressBus registers = new AddressBus();
        registers.add("common configuration", COMMON_OFFSET, CommonConfig.BYTES, common);
        registers.add("ISR status", ISR_OFFSET, ISR_BYTES, interrupts.isr());
        registers.add("device configuration", DEVICE_OFFSET, PAGE_BYTES, new DeviceConfigRegion(device));
        registers.add("notification", NOTIFY_OFFSET, doorbells.bytes(), doorbells);
        long bytes = powerOfTwo(NOTIFY_OFFSET + doorbells.bytes());
        config.addBar(new PciBar(
                STRUCTURES_BAR,
                PciBar.Type.MEMORY_32,
                bytes,
                name,
                registers,
                address -> doorbells.moved(address == PciBar.Listener.UNMAPPED ? address : address + NOTIFY_OFFSET)));
        VirtioCapabilities.add(config, VirtioCapabilities.COMMON, COMMON_OFFSET, CommonConfig.BYTES);
        VirtioCapabilities.add(config, VirtioCapabilities.ISR, ISR_OFFSET, 1);
        if (device.configBytes() > 0) {
            VirtioCapabilities.add(config, VirtioCapabilities.DEVICE, DEVICE_OFFSET, device.configBytes());
        }
        VirtioCapabilities.addNotify(config, NOTIFY_OFFSET, doorbells.bytes(), DoorbellBank.STRIDE);
        return new VirtioCapabilities.Window(config, registers, bytes);
    }

    private static int roundUp(int value, int multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }

    private static long powerOfTwo(int atLeast) {
        int highest = Integer.highestOneBit(atLeast);
        return highest == atLeast ? highest : 2L * highest;
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * Who hears why the device asks for a reset, on the thread that found out; it must not block, nor call this function.
     */
    public void onResetRequest(Consumer<String> listener) {
        control.onResetRequest(listener);
    }

    /** The device behind it. */
    public VirtioDevice device() {
        return device;
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    @Override
    public long readConfig(int offset, int size) {
        if (window.covers(offset)) {
            window.fetch();
        }
        return config.read(offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        config.write(offset, size, value);
        if (window.covers(offset)) {
            window.store();
        }
    }

    /** What driver and device are at, for observers; waits for nobody. */
    public TransportStatus status() {
        List<TransportStatus.Queue> queues = new ArrayList<>();
        for (int i = 0; i < control.queueCount(); i++) {
            QueueRegisters queue = control.queue(i);
            if (queue != null) {
                queues.add(new TransportStatus.Queue(
                        i,
                        queue.size(),
                        queue.maxSize(),
                        queue.isEnabled(),
                        interrupts.vector(i),
                        doorbells.isInKernel(i),
                        interrupts.sent(i)));
            }
        }
        return new TransportStatus(
                control.status(),
                control.offeredFeatures(),
                control.driverFeatures(),
                control.resetReason(),
                control.resetRequests(),
                interrupts.sent(interrupts.configIndex()),
                interrupts.usesMessages(),
                List.copyOf(queues));
    }

    @Override
    public void reset() {
        control.reset();
        common.reset();
        config.reset();
        msix.reset();
    }

    /** Stops and closes the device, and gives back doorbells and vectors. Idempotent. */
    @Override
    public void close() {
        control.close();
        msix.close();
    }
}
