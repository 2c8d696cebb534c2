package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is left of a guest's output where it is shown as text. */
class PlainTextTest {
    @Test
    void keepsWhatAPersonReads() {
        assertThat(PlainText.of("grüße\tend\r\nguest:/root# ")).isEqualTo("grüße\tend\r\nguest:/root# ");
    }

    @Test
    void dropsControlSequences() {
        assertThat(PlainText.of("\u001b[1;31mred\u001b[0m \u001b[6n\u001b[?25lx\u001bMy"))
                .isEqualTo("red xy");
    }

    @Test
    void dropsEveryOtherControlCharacter() {
        for (char control = 0; control < 0xA0; control++) {
            boolean kept = control == '\t' || control == '\n' || control == '\r' || (control >= ' ' && control < 0x7F);
            assertThat(PlainText.of("a" + control).length())
                    .as("%04x", (int) control)
                    .isEqualTo(kept ? 2 : 1);
        }
    }
}
