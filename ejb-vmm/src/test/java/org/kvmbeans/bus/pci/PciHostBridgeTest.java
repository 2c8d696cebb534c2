package org.kvmbeans.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kvmbeans.bus.AddressBus;

class PciHostBridgeTest {
    private static final long WINDOW = 0xC000_0000L;
    private static final long WINDOW_BYTES = 0x2000_0000L;
    private static final long ECAM = 0xE000_0000L;

    private final AddressBus memory = new AddressBus();
    private final AddressBus ports = new AddressBus();
    private final List<String> lines = new ArrayList<>();
    private final MemoryDevice resetControl = new MemoryDevice(0x55);
    private final PciHostBridge bridge = new PciHostBridge(new PciHostBridge.Wiring(
            memory,
            ports,
            List.of(
                    new PciWindow(PciWindow.Kind.MEMORY, WINDOW, WINDOW_BYTES),
                    new PciWindow(PciWindow.Kind.IO, 0x1000, 0x1000)),
            gsi -> high -> lines.add(gsi + (high ? " high" : " low"))));

    PciHostBridgeTest() {
        ports.add("pci", PciHostBridge.PORT, PciHostBridge.PORT_COUNT, bridge.ports(resetControl));
        memory.add("ecam", ECAM, PciHostBridge.ECAM_BYTES, bridge.ecam());
    }

    private void select(int slot, int function, int register) {
        ports.write(0xCF8, 4, 0x8000_0000L | slot << 11 | function << 8 | register);
    }

    @Test
    void bridgeIsTheFunctionInSlotZero() {
        select(0, 0, 0);
        assertThat(ports.read(0xCFC, 4)).isEqualTo(0x0008_1B36);
        assertThat(memory.read(ECAM, 4)).isEqualTo(0x0008_1B36);
        assertThat(memory.read(ECAM + 8, 4)).isEqualTo(0x0600_0000);
    }

    @Test
    void bothMechanismsReachTheSameRegistersInEverySize() {
        bridge.plug(5, new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x100, 1));
        select(5, 0, 0x10);
        ports.write(0xCFD, 1, 0x12);
        ports.write(0xCFE, 2, 0xC034);
        long at = ECAM + (5 << 15) + 0x10;
        assertThat(memory.read(at, 4)).isEqualTo(0xC034_1200L);
        assertThat(memory.read(at - 8, 8)).isEqualTo(0x0180_0001);
        memory.write(at, 4, 0xC111_1100L);
        assertThat(ports.read(0xCFC, 4)).isEqualTo(0xC111_1100L);
        assertThat(ports.read(0xCFE, 2)).isEqualTo(0xC111);
        assertThat(ports.read(0xCFF, 1)).isEqualTo(0xC1);
        assertThat(ports.read(0xCF8, 4)).isEqualTo(0x8000_2810L);
    }

    @Test
    void absentFunctionsAndBusesReadAsOnes() {
        bridge.plug(5, new TestFunction("f"));
        select(6, 0, 0);
        assertThat(ports.read(0xCFC, 4)).isEqualTo(0xFFFF_FFFFL);
        select(5, 1, 0);
        assertThat(ports.read(0xCFC, 2)).isEqualTo(0xFFFF);
        ports.write(0xCF8, 4, 0x8001_0000L);
        assertThat(ports.read(0xCFC, 4)).isEqualTo(0xFFFF_FFFFL);
        ports.write(0xCF8, 4, 5 << 11);
        assertThat(ports.read(0xCFC, 1)).isEqualTo(0xFF);
        assertThat(memory.read(ECAM + (6 << 15), 8)).isEqualTo(-1);
        assertThat(memory.read(ECAM + (5 << 15) + (1 << 12), 4)).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void resetPortKeepsItsByteInTheAddressRegister() {
        select(5, 0, 0x40);
        ports.write(0xCF9, 1, 0x06);
        assertThat(resetControl.lastValue()).isEqualTo(0x06);
        assertThat(ports.read(0xCF9, 1)).isEqualTo(0x55);
        assertThat(ports.read(0xCF8, 4)).isEqualTo(0x8000_2840L);
        ports.write(0xCF8, 4, 0x8000_0600L);
        ports.write(0xCF8, 2, 0x0E0E);
        assertThat(resetControl.lastValue()).isEqualTo(0x06);
        assertThat(ports.read(0xCF8, 4)).isEqualTo(0x8000_0600L);
    }

    @Test
    void unpluggedFunctionIsGone() {
        TestFunction function = new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 9);
        bridge.plug(1, function);
        assertThatThrownBy(() -> bridge.plug(1, new TestFunction("g"))).hasMessageContaining("holds f");
        assertThat(bridge.freeSlot()).isEqualTo(2);
        bridge.assignAddresses();
        memory.write(ECAM + (1 << 15) + 4, 2, PciRegister.COMMAND_MEMORY);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(9);

        assertThat(bridge.unplug(1)).isSameAs(function);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
        assertThat(memory.read(ECAM + (1 << 15), 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(bridge.unplug(1)).isNull();
        assertThatThrownBy(() -> bridge.plug(0, function)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bridge.plug(32, function)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void slotsShareLinesAndALineIsHighWhileOneOfThemIs() {
        List<TestFunction> functions = new ArrayList<>();
        for (int slot : new int[] {1, 9}) {
            TestFunction function = new TestFunction("f" + slot);
            function.config().addInterruptPin();
            bridge.plug(slot, function);
            functions.add(function);
        }
        functions.get(0).config().intx().set(true);
        functions.get(1).config().intx().set(true);
        functions.get(0).config().intx().set(false);
        assertThat(lines).containsExactly("17 high");
        bridge.unplug(9);
        assertThat(lines).containsExactly("17 high", "17 low");
    }

    @Test
    void everyBarGetsAnAlignedPlaceOfItsOwn() {
        Random random = new Random(3);
        List<TestFunction> functions = new ArrayList<>();
        for (int slot = 1; slot < PciHostBridge.SLOTS; slot++) {
            TestFunction function = new TestFunction("f" + slot)
                    .with(0, PciBar.Type.MEMORY_32, 0x1000L << random.nextInt(8), 0)
                    .with(1, PciBar.Type.IO, 4L << random.nextInt(4), 0)
                    .with(2, PciBar.Type.MEMORY_64, 0x1000L << random.nextInt(8), 0);
            functions.add(function);
            bridge.plug(slot, function);
        }
        bridge.assignAddresses();
        for (TestFunction function : functions) {
            function.config().write(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_IO);
            for (PciBar bar : function.config().bars()) {
                long address = function.config().assigned(bar);
                assertThat(function.config().mappedAt(bar.index())).isEqualTo(address);
                assertThat(address % bar.sizeBytes()).isZero();
            }
            assertThat(function.config().refusals()).isZero();
        }
        List<Long> before =
                functions.stream().map(f -> f.config().assigned(f.bar(0))).toList();
        bridge.assignAddresses();
        assertThat(functions.stream().map(f -> f.config().assigned(f.bar(0))).toList())
                .isEqualTo(before);
    }

    @Test
    void refusesBarsThatNoWindowHolds() {
        bridge.plug(1, new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 1L << 30, 0));
        assertThatThrownBy(bridge::assignAddresses)
                .hasMessageContaining("f BAR 0")
                .hasMessageContaining("room");
    }

    @Test
    void closeTakesEveryFunctionOutAndClosesIt() {
        TestFunction function = new TestFunction("f");
        bridge.plug(31, function);
        bridge.close();
        assertThat(function.isClosed()).isTrue();
        assertThat(bridge.function(31)).isNull();
    }

    @Test
    void anyAccessIsAnswered() {
        for (int slot = 1; slot < 4; slot++) {
            TestFunction function = new TestFunction("f" + slot)
                    .with(0, PciBar.Type.MEMORY_32, 0x1000, 1)
                    .with(2, PciBar.Type.MEMORY_64, 0x1000, 2)
                    .with(4, PciBar.Type.IO, 16, 3);
            function.config().addInterruptPin();
            MsixTable table = new MsixTable(new RecordingMsi(), "f", 3);
            table.install(function.config(), 0, 0, 0x800);
            bridge.plug(slot, function);
        }
        Random random = new Random(20260101);
        for (int i = 0; i < 200_000; i++) {
            int size = 1 << random.nextInt(4);
            boolean io = random.nextBoolean() && size < 8;
            long address = io
                    ? PciHostBridge.PORT + random.nextInt(PciHostBridge.PORT_COUNT)
                    : ECAM + (random.nextInt(5) << 15) + random.nextInt(random.nextBoolean() ? 0x60 : 0x1000);
            AddressBus bus = io ? ports : memory;
            if (random.nextBoolean()) {
                bus.write(address, size, random.nextBoolean() ? random.nextLong() : WINDOW + (random.nextInt(4) << 11));
            } else {
                bus.read(address, size);
            }
        }
        for (int slot = 1; slot < 4; slot++) {
            bridge.unplug(slot);
        }
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
    }
}
