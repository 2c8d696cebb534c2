package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.task.Comparison.Result;
import org.kvmbeans.block.task.Comparison.Strictness;
import org.kvmbeans.block.task.Comparison.Verdict;

class ComparisonTest extends TaskTest {
    private final MemoryImage first = new MemoryImage("first", SIZE);
    private final MemoryImage second = new MemoryImage("second", SIZE);

    ComparisonTest() throws IOException {
        first.filled(1);
        second.filled(1);
    }

    private Result compare(Strictness strictness) throws IOException {
        return new Comparison(means, strictness).run(first, second, Progress.NONE);
    }

    @Test
    void equalDisksAreIdentical() throws IOException {
        assertThat(compare(Strictness.CONTENTS)).isEqualTo(new Result(Verdict.IDENTICAL, -1, SIZE, SIZE));
        assertThat(compare(Strictness.ALLOCATION)).isEqualTo(new Result(Verdict.IDENTICAL, -1, SIZE, SIZE));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 511, 70_000, SIZE / 2, SIZE - 1})
    void firstByteThatDiffersIsFound(int offset) throws IOException {
        byte[] contents = Memory.contents(second);
        contents[offset] ^= 1;
        contents[SIZE - 1] ^= 2;
        Memory.write(second, 0, contents);
        assertThat(compare(Strictness.CONTENTS)).isEqualTo(new Result(Verdict.CONTENTS_DIFFER, offset, SIZE, SIZE));
    }

    @Test
    void zerosThatAreStoredEqualThoseThatAreNot() throws IOException {
        Memory.write(first, 8192, new byte[4096]);
        second.writeZeroes(8192, 4096, true);
        assertThat(compare(Strictness.CONTENTS).verdict()).isEqualTo(Verdict.IDENTICAL);
        assertThat(compare(Strictness.ALLOCATION)).isEqualTo(new Result(Verdict.ALLOCATION_DIFFERS, 8192, SIZE, SIZE));
    }

    @Test
    void zerosBeyondTheShorterDiskAreNoDifferenceUnlessStrict() throws IOException {
        second.resize(SIZE + 8192);
        assertThat(compare(Strictness.CONTENTS)).isEqualTo(new Result(Verdict.IDENTICAL, -1, SIZE, SIZE + 8192));
        assertThat(compare(Strictness.ALLOCATION)).isEqualTo(new Result(Verdict.SIZES_DIFFER, SIZE, SIZE, SIZE + 8192));
        Memory.write(second, SIZE + 4096, Memory.random(4096, 1));
        assertThat(compare(Strictness.CONTENTS).firstDifference()).isEqualTo(SIZE + 4096);
    }

    @Test
    void differenceOfAllocationComesBehindOneOfContents() throws IOException {
        second.writeZeroes(0, 4096, true);
        assertThat(compare(Strictness.ALLOCATION).verdict()).isEqualTo(Verdict.CONTENTS_DIFFER);
    }

    @Test
    void diskThatCannotBeReadIsNoAnswer() {
        second.failReadIn.set(10);
        assertThatExceptionOfType(DiskImageException.class).isThrownBy(() -> compare(Strictness.CONTENTS));
    }

    @Test
    void isCancelled() {
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> new Comparison(means, Strictness.CONTENTS).run(first, second, cancelAt(5)));
    }
}
