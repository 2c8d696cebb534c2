package org.kvmbeans.virtio.balloon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules of reading what a guest tells about its memory. */
class BalloonStatisticsTest {
    private final ByteBuffer entries = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);

    private void entry(int tag, long value) {
        entries.putShort((short) tag).putLong(value);
    }

    private BalloonStatistics parse() {
        return BalloonStatistics.parse(entries.array(), entries.position(), 7);
    }

    @ParameterizedTest
    @EnumSource
    void knowsEveryTag(BalloonStatistic statistic) {
        entry(statistic.tag(), 4096);

        assertThat(parse().values()).containsExactly(Map.entry(statistic, 4096L));
        assertThat(parse().value(statistic)).hasValue(4096);
        assertThat(parse().takenAtMillis()).isEqualTo(7);
    }

    @Test
    void skipsUnknownTags() {
        entry(16, 1);
        entry(0xFFFF, 2);
        entry(BalloonStatistic.FREE_BYTES.tag(), 3);

        assertThat(parse().values()).containsExactly(Map.entry(BalloonStatistic.FREE_BYTES, 3L));
    }

    @Test
    void skipsValuesThatSayUnknown() {
        entry(BalloonStatistic.FREE_BYTES.tag(), -1);
        entry(BalloonStatistic.TOTAL_BYTES.tag(), Long.MAX_VALUE);

        assertThat(parse().value(BalloonStatistic.FREE_BYTES)).isEmpty();
        assertThat(parse().value(BalloonStatistic.TOTAL_BYTES)).hasValue(Long.MAX_VALUE);
    }

    @Test
    void skipsAnIncompleteEntry() {
        entry(BalloonStatistic.FREE_BYTES.tag(), 5);
        entries.putShort((short) BalloonStatistic.TOTAL_BYTES.tag()).putInt(6);

        assertThat(parse().values()).containsExactly(Map.entry(BalloonStatistic.FREE_BYTES, 5L));
    }

    @Test
    void takesTheLaterOfTwo() {
        entry(BalloonStatistic.FREE_BYTES.tag(), 5);
        entry(BalloonStatistic.FREE_BYTES.tag(), 6);

        assertThat(parse().value(BalloonStatistic.FREE_BYTES)).hasValue(6);
    }
}
