package org.kvmbeans.virtio.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules of what a console device may have. */
class ConsoleOptionsTest {
    private static final ConsoleOptions.Port CONSOLE = new ConsoleOptions.Port("hvc", PortKind.CONSOLE);

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "../x", "ü", "a\n"})
    void refusesNamesThatAreNoFileNames(String name) {
        assertThatThrownBy(() -> new ConsoleOptions.Port(name, PortKind.CHANNEL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to 64");
    }

    @Test
    void needsAConsoleFirst() {
        assertThatThrownBy(() -> new ConsoleOptions(List.of(), 1)).hasMessageContaining("console");
        assertThatThrownBy(() -> new ConsoleOptions(List.of(new ConsoleOptions.Port("a", PortKind.CHANNEL)), 1))
                .hasMessageContaining("console");
    }

    @Test
    void needsRoomForItsPorts() {
        assertThatThrownBy(() -> new ConsoleOptions(List.of(CONSOLE), 0)).hasMessageContaining("give 1");
        assertThatThrownBy(() -> new ConsoleOptions(List.of(CONSOLE), 32)).hasMessageContaining("31");
    }

    @Test
    void refusesTwoOfOneName() {
        assertThatThrownBy(() -> new ConsoleOptions(List.of(CONSOLE, CONSOLE), 2))
                .hasMessageContaining("hvc");
    }

    @Test
    void hasTwoQueuesAPortAndTwoForControl() {
        assertThat(new ConsoleOptions(List.of(CONSOLE), 1).queues()).isEqualTo(4);
        assertThat(new ConsoleOptions(List.of(CONSOLE), 31).queues()).isEqualTo(64);
    }
}
