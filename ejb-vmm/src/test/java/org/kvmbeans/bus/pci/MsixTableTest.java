package org.kvmbeans.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.bus.AddressBus;

class MsixTableTest {
    private static final int CONTROL = 0x42;
    private static final int ENABLE = 1 << 15;
    private static final int MASK_ALL = 1 << 14;

    private final RecordingMsi msi = new RecordingMsi();
    private final MsixTable msix = new MsixTable(msi, "f", 70);
    private final TestFunction function = new TestFunction("f");
    private final PciConfigSpace config = function.config();
    private final List<Boolean> pin = new ArrayList<>();

    MsixTableTest() {
        config.addInterruptPin();
        msix.install(config, 1, 0, 0x800);
        function.connect(new PciSlot(1, new AddressBus(), new AddressBus(), List.of(), 17, pin::add));
        pin.clear();
    }

    private void program(int vector, long address, int data, int control) {
        msix.table().write(vector * 16L, 4, address);
        msix.table().write(vector * 16L + 4, 4, address >>> 32);
        msix.table().write(vector * 16L + 8, 4, data);
        msix.table().write(vector * 16L + 12, 4, control);
    }

    @Test
    void capabilityTellsWhereTheTableIs() {
        assertThat(config.read(0x40, 2)).isEqualTo(0x11);
        assertThat(config.read(CONTROL, 2)).isEqualTo(69);
        assertThat(config.read(0x44, 4)).isEqualTo(1);
        assertThat(config.read(0x48, 4)).isEqualTo(0x801);
        config.write(CONTROL, 2, 0xFFFF);
        assertThat(config.read(CONTROL, 2)).isEqualTo(ENABLE | MASK_ALL | 69);
    }

    @Test
    void vectorSendsItsMessage() {
        program(3, 0xFEE0_1000L, 0x4041, 0);
        config.write(CONTROL, 2, ENABLE);
        msix.signal(3);
        assertThat(msi.delivered()).containsExactly("fee01000/4041");
        assertThat(msix.signals(3)).isEqualTo(1);
    }

    @Test
    void maskedVectorStaysPendingUntilItIsUnmasked() {
        program(69, 0xFEE0_0000L, 0x31, 1);
        config.write(CONTROL, 2, ENABLE);
        msix.signal(69);
        msix.signal(69);
        assertThat(msi.delivered()).isEmpty();
        assertThat(msix.pendingBits().read(8, 8)).isEqualTo(1L << 5);
        assertThat(msix.pendingBits().read(8, 1)).isEqualTo(1 << 5);
        assertThat(msix.pendingBits().read(0, 8)).isZero();
        msix.table().write(69 * 16 + 12, 4, 0);
        assertThat(msi.delivered()).containsExactly("fee00000/31");
        assertThat(msix.pendingBits().read(8, 8)).isZero();
    }

    @Test
    void functionMaskHoldsAllVectorsBack() {
        program(0, 0xFEE0_0000L, 0x30, 0);
        program(1, 0xFEE0_0000L, 0x31, 1);
        config.write(CONTROL, 2, ENABLE | MASK_ALL);
        msix.signal(0);
        msix.signal(1);
        assertThat(msix.pendingBits().read(0, 4)).isEqualTo(3);
        config.write(CONTROL, 2, ENABLE);
        assertThat(msi.delivered()).containsExactly("fee00000/30");
        assertThat(msix.pendingBits().read(0, 4)).isEqualTo(2);
    }

    @Test
    void messageChangedWhileMaskedIsTheOneThatIsSent() {
        program(0, 0xFEE0_0000L, 0x30, 1);
        config.write(CONTROL, 2, ENABLE);
        msix.signal(0);
        program(0, 0xFEE0_5000L, 0x77, 0);
        assertThat(msi.delivered()).containsExactly("fee05000/77");
    }

    @Test
    void tableIsReadAsItWasWrittenInFoursAndEights() {
        msix.table().write(16, 8, 0x1122_3344_FEE0_0003L);
        assertThat(msix.table().read(16, 8)).isEqualTo(0x1122_3344_FEE0_0003L);
        assertThat(msix.table().read(20, 4)).isEqualTo(0x1122_3344);
        msix.table().write(28, 4, 0xFFFF_FFFFL);
        assertThat(msix.table().read(28, 4)).isEqualTo(1);
        msix.table().write(16, 1, 0xFF);
        msix.table().write(18, 4, 0xFF);
        assertThat(msix.table().read(17, 1)).isZero();
        assertThat(msix.table().read(16, 4)).isEqualTo(0xFEE0_0003L);
    }

    @Test
    void pinFallsWhenMessagesReplaceIt() {
        config.intx().set(true);
        config.write(CONTROL, 2, ENABLE);
        assertThat(msix.isEnabled()).isTrue();
        config.write(CONTROL, 2, 0);
        assertThat(pin).containsExactly(true, false, true);
    }

    @Test
    void resetMasksAllAndForgetsWhatIsPending() {
        program(0, 0xFEE0_0000L, 0x30, 1);
        config.write(CONTROL, 2, ENABLE);
        msix.signal(0);
        msix.reset();
        assertThat(msix.pendingBits().read(0, 8)).isZero();
        assertThat(msix.table().read(0, 8)).isZero();
        assertThat(msix.table().read(12, 4)).isEqualTo(1);
        assertThat(msix.isEnabled()).isFalse();
        msix.close();
        assertThat(msi.closed()).isEqualTo(70);
    }

    @Test
    void refusesTablesThatCannotBe() {
        for (int count : new int[] {0, 2049}) {
            assertThatThrownBy(() -> new MsixTable(msi, "f", count)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
