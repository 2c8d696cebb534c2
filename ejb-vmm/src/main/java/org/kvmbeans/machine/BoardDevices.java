package org.kvmbeans.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.pci.PciHostBridge;
import org.kvmbeans.bus.pci.PciWindow;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.machine.device.DeviceAttachment;
import org.kvmbeans.machine.device.DeviceHost;
import org.kvmbeans.machine.device.DiskOpener;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.transport.TransportStatus;
import org.kvmbeans.virtio.transport.VirtioPciFunction;
import org.kvmbeans.virtio.transport.VirtioPciHost;

/**
 * The PCI bus of one power cycle and the devices in its slots.
 *
 * <p>Called under the lock of the {@link VirtualMachine}, but for {@link #deviceIn}. No vCPU runs any more when it is
 * closed.
 */
final class BoardDevices implements DeviceHost, AutoCloseable {
    /**
     * What the bus is built into.
     *
     * @param disks opens the images of disks
     * @param machine the name of the machine, for threads
     * @param resetControl what answers at the port in the midst of the configuration ports
     * @param window64 where BARs above 4 GiB may lie
     */
    record Surroundings(
            Posix posix,
            DiskOpener disks,
            String machine,
            KvmVm vm,
            GuestMemory memory,
            AddressBus ports,
            AddressBus mmio,
            BusDevice resetControl,
            org.kvmbeans.arch.x86.@Nullable PciWindow window64) {}

    private record Plugged(VmDevice device, VirtioPciFunction function) implements DeviceAttachment {
        @Override
        public boolean driverReady() {
            return function.status().isRunning();
        }

        @Override
        public boolean needsReset() {
            return (function.status().status() & TransportStatus.NEEDS_RESET) != 0;
        }

        @Override
        public long negotiatedFeatures() {
            TransportStatus status = function.status();
            return (status.status() & TransportStatus.FEATURES_OK) == 0 ? 0 : status.driverFeatures();
        }

        @Override
        public int queueSize(int queue) {
            List<TransportStatus.Queue> queues = function.status().queues();
            return queue < queues.size() ? queues.get(queue).size() : 0;
        }

        @Override
        public boolean queueEnabled(int queue) {
            List<TransportStatus.Queue> queues = function.status().queues();
            return queue < queues.size() && queues.get(queue).enabled();
        }
    }

    private final Surroundings surroundings;
    private final PciHostBridge bridge;
    private final VirtioPciHost host;
    private final Map<Integer, Plugged> slots = new ConcurrentHashMap<>();
    private @Nullable EventLoop loop;

    BoardDevices(Surroundings surroundings) {
        this.surroundings = surroundings;
        bridge = new PciHostBridge(new PciHostBridge.Wiring(
                surroundings.mmio(),
                surroundings.ports(),
                windows(surroundings.window64()),
                gsi -> PcDevices.line(surroundings.vm(), gsi)));
        surroundings
                .ports()
                .add("pci", PciHostBridge.PORT, PciHostBridge.PORT_COUNT, bridge.ports(surroundings.resetControl()));
        surroundings.mmio().add("pci configuration", PcLayout.PCI_ECAM, PcLayout.PCI_ECAM_BYTES, bridge.ecam());
        host = new VirtioPciHost(
                surroundings.posix(),
                surroundings.memory(),
                new KvmMsiRouter(surroundings.posix(), surroundings.vm()),
                new KvmDoorbells(surroundings.vm()));
    }

    private static List<PciWindow> windows(org.kvmbeans.arch.x86.@Nullable PciWindow window64) {
        List<PciWindow> windows = new ArrayList<>();
        windows.add(memory(PcLayout.PCI_WINDOW_32));
        if (window64 != null) {
            windows.add(memory(window64));
        }
        return windows;
    }

    private static PciWindow memory(org.kvmbeans.arch.x86.PciWindow window) {
        return new PciWindow(PciWindow.Kind.MEMORY, window.base(), window.lengthBytes());
    }

    /**
     * Puts a device into the lowest free slot, opening what it needs of the host.
     *
     * @return the slot, 1 to 31
     * @throws RuntimeException where the host does not give it; nothing is left then
     */
    int plug(VmDevice device) {
        int slot = bridge.freeSlot();
        if (slot < 0) {
            throw new IllegalStateException("the PCI bus has no free slot for " + device.name() + "; remove a device");
        }
        VirtioDevice opened = device.open(this);
        try {
            VirtioPciFunction function = new VirtioPciFunction(device.name(), opened, host);
            function.onResetRequest(device::failed);
            bridge.plug(slot, function);
            Plugged plugged = new Plugged(device, function);
            slots.put(slot, plugged);
            device.attached(plugged);
            return slot;
        } catch (RuntimeException e) {
            opened.close();
            device.detached();
            throw e;
        }
    }

    /** Gives all BARs addresses, as firmware does before the kernel starts. */
    void assignAddresses() {
        bridge.assignAddresses();
    }

    /** The slot of a device; -1 where it is in none. */
    int slotOf(VmDevice device) {
        for (Map.Entry<Integer, Plugged> slot : slots.entrySet()) {
            if (slot.getValue().device() == device) {
                return slot.getKey();
            }
        }
        return -1;
    }

    /** What is in a slot. Any thread. */
    @Nullable
    VmDevice deviceIn(int slot) {
        Plugged plugged = slots.get(slot);
        return plugged == null ? null : plugged.device();
    }

    /** Takes a device out, and gives back what it held of the host; does nothing where it is in no slot. */
    void unplug(VmDevice device) {
        int slot = slotOf(device);
        if (slot >= 0) {
            bridge.unplug(slot);
            close(slot);
        }
    }

    private void close(int slot) {
        Plugged plugged = slots.remove(slot);
        if (plugged != null) {
            try {
                plugged.function().close();
            } finally {
                plugged.device().detached();
            }
        }
    }

    @Override
    public Posix posix() {
        return surroundings.posix();
    }

    @Override
    public DiskOpener disks() {
        return surroundings.disks();
    }

    /** Started for the first device that asks for it. */
    @Override
    public EventLoop loop() {
        EventLoop current = loop;
        if (current == null) {
            current = EventLoop.start(
                    surroundings.posix(), "devices-" + surroundings.machine(), BoardDevices::reportFailure);
            loop = current;
        }
        return current;
    }

    private static void reportFailure(Throwable failure) {
        System.getLogger(BoardDevices.class.getName())
                .log(System.Logger.Level.ERROR, "a virtio device failed; its queue stands still", failure);
    }

    @Override
    public void close() {
        List<RuntimeException> failures = new ArrayList<>();
        for (int slot : List.copyOf(slots.keySet())) {
            try {
                close(slot);
            } catch (RuntimeException e) {
                failures.add(e);
            }
        }
        EventLoop current = loop;
        if (current != null) {
            current.close();
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }
}
