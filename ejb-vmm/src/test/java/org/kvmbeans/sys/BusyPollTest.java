package org.kvmbeans.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BusyPollTest {
    private static final long MAX = 50_000;

    private final BusyPoll poll = new BusyPoll(MAX);

    @Test
    void looksLongerWhileWorkComesSoonButTooLate() {
        long[] expected = {4_000, 8_000, 16_000, 32_000, MAX, MAX};
        for (long nanos : expected) {
            poll.cameAfter(MAX);
            assertThat(poll.nanos()).isEqualTo(nanos);
        }
    }

    @Test
    void staysAsItIsWhileWorkComesInTime() {
        poll.cameAfter(10_000);
        poll.cameAfter(4_000);
        assertThat(poll.nanos()).isEqualTo(4_000);
    }

    @Test
    void sleepsAtOnceWhereWorkCameLate() {
        poll.cameAfter(10_000);
        poll.cameAfter(MAX + 1);
        assertThat(poll.nanos()).isZero();
    }

    @Test
    void neverLooksWhereItMayNot() {
        BusyPoll never = new BusyPoll(0);
        never.cameAfter(0);
        never.cameAfter(1);
        assertThat(never.nanos()).isZero();
    }
}
