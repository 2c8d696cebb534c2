package org.kvmbeans.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.bus.AddressBus;

class PciConfigSpaceTest {
    private static final long WINDOW = 0xC000_0000L;
    private static final long WIDE_WINDOW = 0x80_0000_0000L;
    private static final int COMMAND = PciRegister.COMMAND;
    private static final int MEMORY_ON = PciRegister.COMMAND_MEMORY;

    private final AddressBus memory = new AddressBus();
    private final AddressBus ports = new AddressBus();
    private final List<Boolean> levels = new ArrayList<>();
    private final PciSlot slot = new PciSlot(
            3,
            memory,
            ports,
            List.of(
                    new PciWindow(PciWindow.Kind.MEMORY, WINDOW, 0x2000_0000),
                    new PciWindow(PciWindow.Kind.MEMORY, WIDE_WINDOW, 1L << 40),
                    new PciWindow(PciWindow.Kind.IO, 0x1000, 0x1000)),
            19,
            levels::add);

    private PciConfigSpace connected(TestFunction function) {
        function.connect(slot);
        return function.config();
    }

    private static long sizing(PciConfigSpace config, int register) {
        long before = config.read(register, 4);
        config.write(register, 4, 0xFFFF_FFFFL);
        long answer = config.read(register, 4);
        config.write(register, 4, before);
        assertThat(config.read(register, 4)).isEqualTo(before);
        return answer;
    }

    @Test
    void headerSaysWhatTheFunctionIs() {
        PciConfigSpace config = new TestFunction("f").config();
        assertThat(config.read(0, 4)).isEqualTo(0x1042_1AF4);
        assertThat(config.read(8, 4)).isEqualTo(0x0180_0001);
        assertThat(config.read(0x2C, 4)).isEqualTo(0x0042_1AF4);
        config.write(0, 4, 0);
        config.write(8, 4, 0);
        assertThat(config.read(0, 4)).isEqualTo(0x1042_1AF4);
    }

    @Test
    void allOnesInABarGiveItsSizeAndType() {
        PciConfigSpace config = connected(new TestFunction("f")
                .with(0, PciBar.Type.MEMORY_32, 0x4000, 1)
                .with(1, PciBar.Type.IO, 32, 2)
                .with(2, PciBar.Type.MEMORY_64_PREFETCHABLE, 1L << 33, 3));
        assertThat(sizing(config, 0x10)).isEqualTo(0xFFFF_C000L);
        assertThat(sizing(config, 0x14)).isEqualTo(0xFFFF_FFE1L);
        assertThat(sizing(config, 0x18)).isEqualTo(0xC);
        assertThat(sizing(config, 0x1C)).isEqualTo(0xFFFF_FFFEL);
        assertThat(sizing(config, 0x20)).isZero();
    }

    @Test
    void barIsDecodedWhereItIsOnceTheCommandRegisterEnablesIt() {
        PciConfigSpace config = connected(new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 0x5A));
        config.write(0x10, 4, WINDOW);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
        config.write(COMMAND, 2, MEMORY_ON);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0x5A);
        assertThat(memory.read(WINDOW + 0x1000, 1)).isEqualTo(0xFF);

        config.write(0x10, 4, WINDOW + 0x8000);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
        assertThat(memory.read(WINDOW + 0x8FFF, 1)).isEqualTo(0x5A);
        assertThat(config.mappedAt(0)).isEqualTo(WINDOW + 0x8000);

        config.write(COMMAND, 2, 0);
        assertThat(memory.read(WINDOW + 0x8000, 1)).isEqualTo(0xFF);
    }

    @Test
    void wideAndPortBarsAreDecodedToo() {
        PciConfigSpace config = connected(new TestFunction("f")
                .with(0, PciBar.Type.MEMORY_64, 0x1000, 0x64)
                .with(2, PciBar.Type.IO, 32, 0x10));
        config.write(COMMAND, 2, MEMORY_ON | PciRegister.COMMAND_IO);
        config.write(0x14, 4, WIDE_WINDOW >>> 32);
        config.write(0x10, 4, 0x3000);
        config.write(0x18, 4, 0x1040);
        assertThat(memory.read(WIDE_WINDOW + 0x3000, 1)).isEqualTo(0x64);
        assertThat(ports.read(0x1040, 1)).isEqualTo(0x10);
    }

    @Test
    void listenerHearsWhereTheBarIs() {
        List<Long> places = new ArrayList<>();
        TestFunction function = new TestFunction("f");
        function.config().addBar(new PciBar(0, PciBar.Type.MEMORY_32, 0x1000, "bar", new MemoryDevice(0), places::add));
        PciConfigSpace config = connected(function);
        config.write(0x10, 4, WINDOW);
        config.write(COMMAND, 2, MEMORY_ON);
        config.write(0x10, 4, WINDOW + 0x1000);
        function.disconnect();
        assertThat(places).containsExactly(WINDOW, -1L, WINDOW + 0x1000, -1L);
    }

    @Test
    void barThatOverlapsSomethingIsNotDecodedAndReported() {
        memory.add("frame buffer", WINDOW + 0x800, 0x100, new MemoryDevice(7));
        PciConfigSpace config = connected(new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 1));
        config.write(0x10, 4, WINDOW);
        config.write(COMMAND, 2, MEMORY_ON);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
        assertThat(memory.read(WINDOW + 0x800, 1)).isEqualTo(7);
        assertThat(config.refusals()).isEqualTo(1);
        assertThat(config.lastRefusal()).contains("f BAR 0", "0xc0000000", "frame buffer");
        config.write(0x10, 4, WINDOW + 0x1000);
        assertThat(memory.read(WINDOW + 0x1000, 1)).isEqualTo(1);
    }

    @Test
    void barOutsideTheWindowsIsNotDecodedAndReported() {
        PciConfigSpace config = connected(new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 1));
        config.write(COMMAND, 2, MEMORY_ON);
        config.write(0x10, 4, 0xFEE0_0000L);
        assertThat(memory.read(0xFEE0_0000L, 1)).isEqualTo(0xFF);
        assertThat(config.lastRefusal()).contains("no window");
    }

    @Test
    void sizingWithDecodingOnMapsNothing() {
        PciConfigSpace config = connected(new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 1));
        config.write(0x10, 4, WINDOW);
        config.write(COMMAND, 2, MEMORY_ON);
        sizing(config, 0x10);
        assertThat(config.refusals()).isZero();
        assertThat(memory.read(WINDOW, 1)).isEqualTo(1);
    }

    @Test
    void twoBarsMayChangePlaces() {
        PciConfigSpace config = connected(new TestFunction("f")
                .with(0, PciBar.Type.MEMORY_32, 0x1000, 1)
                .with(1, PciBar.Type.MEMORY_32, 0x1000, 2));
        config.write(0x10, 4, WINDOW);
        config.write(0x14, 4, WINDOW + 0x1000);
        config.write(COMMAND, 2, MEMORY_ON);
        config.write(COMMAND, 2, 0);
        config.write(0x10, 4, WINDOW + 0x1000);
        config.write(0x14, 4, WINDOW);
        config.write(COMMAND, 2, MEMORY_ON);
        assertThat(memory.read(WINDOW, 1)).isEqualTo(2);
        assertThat(memory.read(WINDOW + 0x1000, 1)).isEqualTo(1);
    }

    @Test
    void writesAfterTheFunctionWasUnpluggedMapNothing() {
        TestFunction function = new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 1);
        PciConfigSpace config = connected(function);
        config.write(0x10, 4, WINDOW);
        config.write(COMMAND, 2, MEMORY_ON);
        function.disconnect();
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
        config.write(0x10, 4, WINDOW + 0x1000);
        assertThat(memory.read(WINDOW + 0x1000, 1)).isEqualTo(0xFF);
    }

    @Test
    void bytesOfARegisterAreWrittenApart() {
        PciConfigSpace config = connected(new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x100, 1));
        config.write(0x11, 1, 0x12);
        config.write(0x12, 2, 0xC034);
        assertThat(config.read(0x10, 4)).isEqualTo(0xC034_1200L);
        assertThat(config.read(0x13, 1)).isEqualTo(0xC0);
        assertThat(config.read(0x11, 2)).isEqualTo(0x3412);
    }

    @Test
    void capabilitiesAreAList() {
        PciConfigSpace config = new TestFunction("f").config();
        assertThat(config.read(PciRegister.STATUS, 2)).isZero();
        int first = config.addCapability(0x11, 12);
        int second = config.addCapability(9, 18);
        config.addExpressCapability();
        assertThat(config.read(PciRegister.STATUS, 2)).isEqualTo(PciRegister.STATUS_CAPABILITIES);
        assertThat(config.read(PciRegister.CAPABILITIES_POINTER, 1)).isEqualTo(first);
        assertThat(config.read(first, 2)).isEqualTo(second << 8 | 0x11);
        long third = config.read(second + 1, 1);
        assertThat(third).isEqualTo(second + 20);
        assertThat(config.read((int) third, 4)).isEqualTo(0x0092_0010);
        assertThatThrownBy(() -> config.addCapability(9, 200)).hasMessageContaining("no room");
    }

    @Test
    void pinIsLowWhileDisabledThoughTheStatusShowsIt() {
        TestFunction function = new TestFunction("f");
        function.config().addInterruptPin();
        PciConfigSpace config = connected(function);
        assertThat(config.read(PciRegister.INTERRUPT_LINE, 2)).isEqualTo(0x0113);
        levels.clear();

        config.intx().set(true);
        assertThat(config.read(PciRegister.STATUS, 2) & PciRegister.STATUS_INTERRUPT)
                .isNotZero();
        config.write(COMMAND, 2, PciRegister.COMMAND_INTX_DISABLE);
        assertThat(config.read(COMMAND, 4) >>> 16 & PciRegister.STATUS_INTERRUPT)
                .isNotZero();
        config.write(COMMAND, 2, 0);
        config.intx().set(false);
        assertThat(levels).containsExactly(true, false, true, false);
        assertThat(config.read(PciRegister.STATUS, 2) & PciRegister.STATUS_INTERRUPT)
                .isZero();
    }

    @Test
    void resetForgetsWhatTheGuestWrote() {
        PciConfigSpace config = connected(new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1000, 1));
        config.write(0x10, 4, WINDOW);
        config.write(COMMAND, 2, MEMORY_ON);
        config.reset();
        assertThat(config.read(0x10, 4)).isZero();
        assertThat(config.command()).isZero();
        assertThat(memory.read(WINDOW, 1)).isEqualTo(0xFF);
    }

    @Test
    void refusesBarsThatCannotBe() {
        assertThatThrownBy(() -> new TestFunction("f").with(5, PciBar.Type.MEMORY_64, 0x1000, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TestFunction("f").with(0, PciBar.Type.MEMORY_32, 0x1001, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TestFunction("f")
                        .with(0, PciBar.Type.MEMORY_64, 0x1000, 0)
                        .with(1, PciBar.Type.MEMORY_32, 0x1000, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
