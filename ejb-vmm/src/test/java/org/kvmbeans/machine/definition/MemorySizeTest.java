package org.kvmbeans.machine.definition;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1023, 4096, 1L << 20, 1536L << 20, 3L << 30, 4L << 40, Long.MAX_VALUE})
    void readsBackWhatItFormats(long bytes) {
        assertThat(MemorySize.parse(MemorySize.format(bytes))).hasValue(bytes);
    }

    @Test
    void writesTheLargestUnitThatDivides() {
        assertThat(MemorySize.format(512L << 20)).isEqualTo("512MiB");
        assertThat(MemorySize.format(1536L << 20)).isEqualTo("1536MiB");
        assertThat(MemorySize.format(4L << 40)).isEqualTo("4TiB");
    }

    @Test
    void refusesWhatOverflows() {
        assertThat(MemorySize.parse("9223372036854775807KiB")).isEmpty();
        assertThat(MemorySize.parse("9223372036854775808B")).isEmpty();
    }
}
