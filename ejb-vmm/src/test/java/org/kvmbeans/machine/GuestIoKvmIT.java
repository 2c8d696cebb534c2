package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a guest sees of ports, memory-mapped addresses, timers and the serial port. */
class GuestIoKvmIT {
    private static void assertGood(TestVm test) {
        test.awaitEnd();
        assertThat(test.vm().stopReason()).as(test.vm().lastError()).isEqualTo(StopReason.GUEST_DEBUG_EXIT);
        assertThat(test.vm().debugExitStatus())
                .as("the step that failed; output %s", test.output())
                .isEqualTo(TestVm.GOOD);
        assertThat(test.vm().state()).isEqualTo(VmState.STOPPED);
    }

    @Test
    void portIoOfEachWidthReachesDevicesOrNobody() {
        try (TestVm test = TestVm.of("portio").start()) {
            assertGood(test);
            assertThat(test.output()).isEqualTo("strings of port I/O arrive whole and in order\n");
        }
    }

    @Test
    void mmioThatNobodyClaimsReadsAsOnes() {
        try (TestVm test = TestVm.of("mmio").start()) {
            assertGood(test);
            assertThat(test.vm().vcpus().get(0).exitTotals())
                    .hasEntrySatisfying(
                            "MMIO", totals -> assertThat(totals.count()).isEqualTo(7));
        }
    }

    @Test
    void haltedGuestIsWokenByEachOfItsTimers() {
        try (TestVm test = TestVm.of("timer").start()) {
            assertGood(test);
            assertThat(test.output()).isEqualTo("pit\nrtc\napic\n");
        }
    }

    @Test
    void typedTextInterruptsAndIsEchoed() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.type("HELLO, 42!\n");
            test.awaitOutput("HELLO, 42!\n");
            test.type("x");
            assertGood(test);
            assertThat(test.vm().serial().bytesReceived()).isEqualTo(12);
        }
    }

    @Test
    void longTextIsEchoedWithoutLosingAByte() {
        String text = "0123456789ABCDEF".repeat(64);
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.type(text);
            test.awaitOutput(text);
        }
    }

    @Test
    void textTypedBeforeTheGuestListensWaitsForIt() {
        try (TestVm test = TestVm.of("monitor")) {
            test.type("EARLY");
            test.start();
            test.awaitOutput("EARLY");
        }
    }
}
