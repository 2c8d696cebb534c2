package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerialMessagesTest {
    @Test
    void readsWhatThePageSends() {
        assertThat(SerialMessages.parse("{\"type\":\"input\",\"id\":7,\"text\":\"ls\\r\"}"))
                .isEqualTo(new SerialMessages.Input(7, "ls\r"));
        assertThat(SerialMessages.parse("{\"type\":\"seen\",\"bytes\":9007199254740993}"))
                .isEqualTo(new SerialMessages.Seen(9007199254740993L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ls",
                "[]",
                "{}",
                "{\"type\":1}",
                "{\"type\":\"other\"}",
                "{\"type\":\"input\",\"id\":1}",
                "{\"type\":\"input\",\"id\":\"1\",\"text\":\"x\"}",
                "{\"type\":\"input\",\"id\":1,\"text\":2}",
                "{\"type\":\"seen\"}",
                "{\"type\":\"seen\",\"bytes\":1.5}",
                "{\"type\":\"seen\",\"bytes\":1e400}"
            })
    void refusesAnythingElse(String message) {
        assertThatThrownBy(() -> SerialMessages.parse(message)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void escapesWhatAServiceSaid() {
        assertThat(SerialMessages.busy(3, "no room for \"x\""))
                .isEqualTo("{\"type\":\"busy\",\"id\":3,\"error\":\"no room for \\\"x\\\"\"}");
    }
}
