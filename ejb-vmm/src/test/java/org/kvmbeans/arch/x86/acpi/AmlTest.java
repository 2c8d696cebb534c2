package org.kvmbeans.arch.x86.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

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

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
