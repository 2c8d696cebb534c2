package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a guest resets, powers off and dies, and what is told of it. */
class GuestPowerKvmIT {
    @ParameterizedTest
    @ValueSource(strings = {"c", "k", "a"})
    void guestResetsItself(String way) {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            for (int resets = 1; resets <= 3; resets++) {
                test.type(way);
                test.awaitOutput("ready\n");
                int expected = resets;
                test.await(() -> test.vm().resetsTotal() == expected, () -> expected + " resets");
            }
            assertThat(test.vm().state()).isEqualTo(VmState.RUNNING);
        }
    }

    @Test
    void guestPowersItselfOff() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.type("p");
            test.awaitState(VmState.STOPPED);
            assertThat(test.vm().stopReason()).isEqualTo(StopReason.GUEST_POWER_OFF);
            assertThat(test.vm().lastError()).isEmpty();
        }
    }

    @Test
    void guestHearsThePowerButton() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.vm().shutdown();
            test.awaitState(VmState.STOPPED);
            assertThat(test.vm().stopReason()).isEqualTo(StopReason.GUEST_POWER_OFF);
            assertThat(test.output()).isEqualTo("ready\npower button\n");
        }
    }

    @Test
    void tripleFaultCrashesTheMachineAndItCanStartAgain() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.type("t");
            test.awaitState(VmState.CRASHED);
            assertThat(test.vm().stopReason()).isEqualTo(StopReason.GUEST_TRIPLE_FAULT);
            assertThat(test.vm().lastError()).contains("triple fault");
            test.start();
            test.awaitOutput("ready\n");
            assertThat(test.vm().state()).isEqualTo(VmState.RUNNING);
            assertThat(test.vm().lastError()).isEmpty();
        }
    }

    @Test
    void exitStatusOfTheGuestIsKept() {
        try (TestVm test = TestVm.of("monitor").start()) {
            assertThat(test.vm().debugExitStatus()).isEqualTo(-1);
            test.awaitOutput("ready\n");
            test.type("x");
            test.awaitState(VmState.STOPPED);
            assertThat(test.vm().stopReason()).isEqualTo(StopReason.GUEST_DEBUG_EXIT);
            assertThat(test.vm().debugExitStatus()).isEqualTo(TestVm.GOOD);
        }
    }

    @Test
    void listenersHearEachChangeInOrder() {
        List<String> changes = new CopyOnWriteArrayList<>();
        try (TestVm test = TestVm.of("monitor")) {
            test.vm().addListener(change -> changes.add(change.what() + " " + change.state()));
            test.start();
            test.awaitOutput("ready\n");
            test.vm().pause();
            test.vm().resume();
            test.type("c");
            test.awaitOutput("ready\n");
            test.await(() -> test.vm().resetsTotal() == 1, () -> "the reset");
            test.type("p");
            test.await(() -> changes.size() == 7, () -> "seven changes: " + changes);
            assertThat(changes)
                    .containsExactly(
                            "starting STARTING",
                            "started RUNNING",
                            "paused PAUSED",
                            "resumed RUNNING",
                            "reset RUNNING",
                            "stopping STOPPING",
                            "stopped STOPPED");
        }
    }
}
