package org.kvmbeans.arch.x86.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expected bytes are what iasl makes of the same ASL. */
class AmlTest {
    @Test
    void integersTakeTheirShortestForm() {
        assertThat(hex(Aml.integer(0))).isEqualTo("00");
        assertThat(hex(Aml.integer(1))).isEqualTo("01");
        assertThat(hex(Aml.integer(0xFF))).isEqualTo("0aff");
        assertThat(hex(Aml.integer(0x100))).isEqualTo("0b0001");
        assertThat(hex(Aml.integer(0x12345678))).isEqualTo("0c78563412");
        assertThat(hex(Aml.integer(-1))).isEqualTo("0effffffffffffffff");
    }

    @Test
    void eisaIdsAreCompressed() {
        assertThat(hex(Aml.eisaId("PNP0501"))).isEqualTo("0c41d00501");
        assertThatThrownBy(() -> Aml.eisaId("pnp0501")).hasMessageContaining("pnp0501");
    }

    @Test
    void lengthsCountTheirOwnBytes() {
        assertThat(hex(Aml.scope("\\_SB_"))).isEqualTo("10065c5f53425f");
        assertThat(hex(Aml.scope("_SB_", new byte[57])).substring(0, 4)).isEqualTo("103e");
        assertThat(hex(Aml.scope("_SB_", new byte[59])).substring(0, 6)).isEqualTo("104104");
        assertThat(hex(Aml.scope("_SB_", new byte[0x1000])).substring(0, 8)).isEqualTo("10870001");
    }

    @Test
    void softOffIsAPackage() {
        byte[] five = Aml.integer(5);
        assertThat(hex(Aml.name("_S5_", Aml.packageOf(five, five, Aml.integer(0), Aml.integer(0)))))
                .isEqualTo("085f53355f1208040a050a050000");
    }

    @Test
    void resourcesEndWithTheEndTag() {
        assertThat(hex(AmlResources.template(AmlResources.io(0x3F8, 8), AmlResources.irq(4))))
                .isEqualTo("11100a0d4701f803f80301082210007900");
    }

    @Test
    void shortNamesAreFilledAndPathsCounted() {
        assertThat(hex(Aml.object("RTC"))).isEqualTo("5254435f");
        assertThat(hex(Aml.object("\\_SB"))).isEqualTo("5c5f53425f");
        assertThat(hex(Aml.object("^^LNKA"))).isEqualTo("5e5e4c4e4b41");
        assertThat(hex(Aml.object("\\_SB.PCI0"))).isEqualTo("5c2e5f53425f50434930");
        assertThat(hex(Aml.object("\\_SB.PCI0.SL01"))).isEqualTo("5c2f035f53425f50434930534c3031");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ABCDE", "1ABC", "a", "A..B", "\\\\A", "^\\A", "A^B", "A B"})
    void refusesWhatIsNoName(String name) {
        assertThatThrownBy(() -> Aml.object(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void methodsTellHowManyArgumentsTheyTake() {
        assertThat(hex(Aml.method("_STA", 0, AmlCode.returns(Aml.integer(0xF)))))
                .isEqualTo("14095f53544100a40a0f");
        assertThat(hex(Aml.serializedMethod("SCAN", 2))).isEqualTo("14065343414e0a");
        assertThatThrownBy(() -> Aml.method("M", 8)).hasMessageContaining("at most 7");
    }

    @Test
    void statementsAreEncodedAsTheSpecificationSays() {
        byte[] one = Aml.integer(1);
        byte[] local = AmlCode.local(0);
        assertThat(hex(AmlCode.store(one, local))).isEqualTo("700160");
        assertThat(hex(AmlCode.and(AmlCode.argument(1), one))).isEqualTo("7b690100");
        assertThat(hex(AmlCode.or(local, one, local))).isEqualTo("7d600160");
        assertThat(hex(AmlCode.when(AmlCode.equal(local, one), AmlCode.notifyDevice("SL01", one))))
                .isEqualTo("a00a93600186534c303101");
        assertThat(hex(AmlCode.otherwise(AmlCode.returns(local)))).isEqualTo("a103a460");
        assertThat(hex(AmlCode.loopWhile(AmlCode.not(local), AmlCode.call("TELL", one, local))))
                .isEqualTo("a209926054454c4c0160");
        assertThat(hex(AmlCode.acquire("MUTX"))).isEqualTo("5b234d555458ffff");
        assertThat(hex(AmlCode.release("MUTX"))).isEqualTo("5b274d555458");
        assertThat(hex(AmlCode.createDwordField(AmlCode.argument(3), 4, "CDW2")))
                .isEqualTo("8a6b0a0443445732");
        assertThatThrownBy(() -> AmlCode.local(8)).hasMessageContaining("Local8");
        assertThatThrownBy(() -> AmlCode.argument(7)).hasMessageContaining("Arg7");
    }

    @Test
    void registersAreRegionsWithFields() {
        assertThat(hex(Aml.ioRegion("HPRG", 0x620, 12))).isEqualTo("5b8048505247010b20060a0c");
        assertThat(hex(Aml.field(
                        "HPRG",
                        Aml.Access.BYTE,
                        Aml.Update.WRITE_AS_ZEROS,
                        Aml.skipBits(32),
                        Aml.bits("HERE", 1),
                        Aml.bits("WIDE", 64))))
                .isEqualTo("5b81134850524741" + "0020" + "4845524501" + "574944454004");
        assertThat(hex(Aml.mutex("MUTX"))).isEqualTo("5b014d55545800");
    }

    @Test
    void uuidsAreMixedEndian() {
        assertThat(hex(Aml.uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766")))
                .isEqualTo("11130a105b4ddb33f71f1c4096577441c03dd766");
    }

    @Test
    void windowsAreWhatABridgeHandsOn() {
        assertThat(hex(AmlResources.template(AmlResources.busNumbers(0, 0))))
                .isEqualTo("11150a12" + "880d00020c00" + "00000000000000000100" + "7900");
        assertThat(hex(AmlResources.template(AmlResources.ioWindow(0xD00, 0xFFFF))))
                .isEqualTo("11150a12" + "880d00010c03" + "0000000dffff000000f3" + "7900");
        assertThat(hex(AmlResources.template(AmlResources.memoryWindow32(0xC0000000L, 0xDFFFFFFFL))))
                .isEqualTo("111f0a1c" + "871700000c01" + "00000000000000c0ffffffdf0000000000000020" + "7900");
        assertThat(hex(AmlResources.template(AmlResources.memoryWindow64(1L << 36, (1L << 37) - 1))))
                .isEqualTo("11330a30" + "8a2b00000c01" + "0000000000000000" + "0000000010000000" + "ffffffff1f000000"
                        + "0000000000000000" + "0000000010000000" + "7900");
    }

    @Test
    void linesOfPciAreSharedLevelTriggeredAndActiveHigh() {
        assertThat(hex(AmlResources.template(AmlResources.sharedLevelInterrupt(16))))
                .isEqualTo("110e0a0b" + "8906000901" + "10000000" + "7900");
        assertThat(hex(AmlResources.template(AmlResources.fixedMemory(0xE0000000L, 1 << 20))))
                .isEqualTo("11110a0e" + "86090001" + "000000e000001000" + "7900");
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
