package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ReadCoverageTest {
    private final ReadCoverage coverage = new ReadCoverage(100);

    @Test
    void isCompleteOnceEveryByteHasCome() throws ProtocolException {
        for (int[] part : new int[][] {{50, 10}, {0, 20}, {90, 10}, {20, 30}, {70, 20}}) {
            coverage.add(part[0], part[1]);
            assertThat(coverage.complete()).isFalse();
        }
        coverage.add(60, 10);
        assertThat(coverage.complete()).isTrue();
    }

    @Test
    void refusesPartsOutsideTheRead() {
        for (long[] part : new long[][] {
            {-1, 10}, {0, 101}, {100, 1}, {50, 51}, {0, 0}, {5, -1}, {Long.MAX_VALUE, 1}, {1, Long.MAX_VALUE}
        }) {
            assertThatThrownBy(() -> coverage.add(part[0], part[1])).isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void refusesPartsThatHaveCome() throws ProtocolException {
        coverage.add(0, 10);
        coverage.add(50, 10);
        for (int[] part : new int[][] {{0, 10}, {9, 1}, {9, 30}, {45, 6}, {50, 10}, {55, 1}, {59, 10}, {40, 40}}) {
            assertThatThrownBy(() -> coverage.add(part[0], part[1])).isInstanceOf(ProtocolException.class);
        }
        assertThatThrownBy(() -> coverage.add(10, 41)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void keepsNoMoreThanItsBoundOfPartsOutOfOrder() throws ProtocolException {
        ReadCoverage large = new ReadCoverage(1 << 20);
        for (int i = 1; i <= 1024; i++) {
            large.add(i * 2L, 1);
        }
        assertThatThrownBy(() -> large.add(4000, 1)).hasMessageContaining("1024");
    }
}
