package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirtyMapTest {
    private static final int GRANULARITY = 512;

    @ParameterizedTest
    @ValueSource(longs = {1, 64, 65, 1000, 64 * 5})
    void marksAreThoseOfASetOfBits(long bits) {
        long size = bits * GRANULARITY - 100;
        DirtyMap map = new DirtyMap(size, GRANULARITY);
        BitSet model = new BitSet();
        Random random = new Random(bits);
        for (int step = 0; step < 5000; step++) {
            int from = random.nextInt((int) bits);
            int to = Math.min((int) bits, from + 1 + random.nextInt(random.nextInt(100) + 1));
            if (random.nextBoolean()) {
                // Whatever a stretch touches is marked.
                map.mark(
                        (long) from * GRANULARITY + random.nextInt(GRANULARITY - 100),
                        (to - from - 1L) * GRANULARITY + 1);
                model.set(from, to);
            } else {
                map.clear((long) from * GRANULARITY, Math.min(size, (long) to * GRANULARITY));
                model.clear(from, to);
            }
            assertThat(map.dirtyBytes()).isEqualTo(Math.min(size, (long) model.cardinality() * GRANULARITY));
            int next = model.nextSetBit(from);
            assertThat(map.nextDirty((long) from * GRANULARITY)).isEqualTo(next < 0 ? -1 : (long) next * GRANULARITY);
            assertThat(map.dirtyEnd((long) from * GRANULARITY, size))
                    .isEqualTo(Math.min(size, (long) model.nextClearBit(from) * GRANULARITY));
        }
    }

    @Test
    void stretchBeyondTheEndMarksNothingThere() {
        DirtyMap map = new DirtyMap(1000, GRANULARITY);
        map.mark(0, 1 << 20);
        assertThat(map.dirtyBytes()).isEqualTo(1000);
        assertThat(map.dirtyEnd(0, 1000)).isEqualTo(1000);
        map.mark(2000, 10);
        map.clear(0, 1000);
        assertThat(map.dirtyBytes()).isZero();
        assertThat(map.nextDirty(0)).isEqualTo(-1);
    }

    @Test
    void largeDisksHaveCoarserMarks() {
        assertThat(DirtyMap.of(1L << 40).granularityBytes()).isEqualTo(64 << 10);
        assertThat(DirtyMap.of(1L << 46).granularityBytes()).isEqualTo(2 << 20);
    }

    @Test
    void refusesGranularitiesThatAreNoPowersOfTwo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DirtyMap(1 << 20, 3000))
                .withMessageContaining("a power of two");
    }

    @Test
    void marksAreTakenOver() {
        DirtyMap one = new DirtyMap(1 << 20, GRANULARITY);
        DirtyMap other = new DirtyMap(1 << 20, 64 << 10);
        one.mark(100_000, 1);
        other.takeFrom(one);
        assertThat(one.dirtyBytes()).isZero();
        assertThat(other.nextDirty(0)).isEqualTo(65536);
        assertThat(other.dirtyBytes()).isEqualTo(65536);
    }
}
