package org.kvmbeans.virtio.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.pci.PciHostBridge;
import org.kvmbeans.bus.pci.PciRegister;
import org.kvmbeans.bus.pci.PciWindow;
import org.kvmbeans.bus.pci.RecordingMsi;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** A virtio function in slot 2 of a bus, with a driver's view of its registers. */
final class TransportFixture implements AutoCloseable {
    static final long WINDOW = 0xC000_0000L;
    static final long ECAM = 0xE000_0000L;
    static final int SLOT = 2;

    static final int DRIVER_FEATURE_SELECT = 8;
    static final int DRIVER_FEATURE = 12;
    static final int CONFIG_VECTOR = 0x10;
    static final int STATUS = 0x14;
    static final int GENERATION = 0x15;
    static final int QUEUE_SELECT = 0x16;
    static final int QUEUE_SIZE = 0x18;
    static final int QUEUE_VECTOR = 0x1A;
    static final int QUEUE_ENABLE = 0x1C;
    static final int QUEUE_DESCRIPTORS = 0x20;

    static final long ISR = 0x1000;
    static final long DEVICE = 0x2000;
    static final long NOTIFY = 0x3000;

    final JnaPosix posix = new JnaPosix();
    final AddressBus memory = new AddressBus();
    final AddressBus ports = new AddressBus();
    final RecordingMsi msi = new RecordingMsi();
    final List<Boolean> pin = new ArrayList<>();
    final Map<Long, EventFd> doorbells = new TreeMap<>();
    final FakeDevice device = new FakeDevice();
    final GuestMemory ram = GuestMemory.allocate(posix, "transport test", GuestMemory.MIN_BYTES);
    final PciHostBridge bridge = new PciHostBridge(new PciHostBridge.Wiring(
            memory, ports, List.of(new PciWindow(PciWindow.Kind.MEMORY, WINDOW, 0x2000_0000)), gsi -> high -> {
                if (gsi == PciHostBridge.gsiOf(SLOT)) {
                    pin.add(high);
                }
            }));
    final VirtioPciFunction function;

    /** @param kernel whether doorbells are caught by a kernel */
    TransportFixture(Doorbells kernel) {
        function = new VirtioPciFunction("vda", device, new VirtioPciHost(posix, ram, msi, kernel));
        memory.add("ecam", ECAM, PciHostBridge.ECAM_BYTES, bridge.ecam());
        bridge.plug(SLOT, function);
        bridge.assignAddresses();
        writeConfig(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_BUS_MASTER);
    }

    static TransportFixture withoutKernel() {
        return new TransportFixture(Doorbells.NONE);
    }

    static TransportFixture withKernel() {
        List<TransportFixture> self = new ArrayList<>();
        TransportFixture fixture = new TransportFixture(new Doorbells() {
            @Override
            public boolean bind(long gpa, EventFd target) {
                return self.get(0).doorbells.putIfAbsent(gpa, target) == null;
            }

            @Override
            public void unbind(long gpa, EventFd target) {
                self.get(0).doorbells.remove(gpa, target);
            }
        });
        self.add(fixture);
        return fixture;
    }

    long bar0() {
        return function.config().mappedAt(0);
    }

    long bar1() {
        return function.config().mappedAt(1);
    }

    long readConfig(int offset, int size) {
        return memory.read(ECAM + (SLOT << 15) + offset, size);
    }

    void writeConfig(int offset, int size, long value) {
        memory.write(ECAM + (SLOT << 15) + offset, size, value);
    }

    long read(long offset, int size) {
        return memory.read(bar0() + offset, size);
    }

    void write(long offset, int size, long value) {
        memory.write(bar0() + offset, size, value);
    }

    long status() {
        return read(STATUS, 1);
    }

    void setStatus(int value) {
        write(STATUS, 1, value);
    }

    void accept(long features) {
        write(DRIVER_FEATURE_SELECT, 4, 0);
        write(DRIVER_FEATURE, 4, features & 0xFFFF_FFFFL);
        write(DRIVER_FEATURE_SELECT, 4, 1);
        write(DRIVER_FEATURE, 4, features >>> 32);
    }

    /** Goes through all steps up to FEATURES_OK. */
    void negotiate(long features) {
        setStatus(0);
        setStatus(1);
        setStatus(3);
        accept(features);
        setStatus(0xB);
    }

    void enableQueue(int queue) {
        write(QUEUE_SELECT, 2, queue);
        write(QUEUE_DESCRIPTORS, 4, 0x1000L * (queue + 1));
        write(QUEUE_DESCRIPTORS + 4, 4, 0);
        write(QUEUE_ENABLE, 2, 1);
    }

    /** Starts the device with queues 0 and 1. */
    void start() {
        negotiate(VirtioFeatures.VERSION_1);
        enableQueue(0);
        enableQueue(1);
        setStatus(0xF);
    }

    void enableMsix() {
        int capability = (int) readConfig(0x34, 1);
        for (int vector = 0; vector < 4; vector++) {
            memory.write(bar1() + vector * 16L, 4, 0xFEE0_0000L);
            memory.write(bar1() + vector * 16L + 8, 4, 0x40 + vector);
            memory.write(bar1() + vector * 16L + 12, 4, 0);
        }
        writeConfig(capability + 2, 2, 1 << 15);
    }

    @Override
    public void close() {
        bridge.close();
        ram.close();
    }
}
