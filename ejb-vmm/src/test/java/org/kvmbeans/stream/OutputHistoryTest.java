package org.kvmbeans.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class OutputHistoryTest {
    private final OutputHistory buffer = new OutputHistory();

    private void append(String text) {
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            buffer.append(octet);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void readerGoesOnWhereItStopped() {
        append("hello world");
        OutputChunk first = buffer.readFrom(0, 5, 0);
        OutputChunk second = buffer.readFrom(first.endPosition(), 100, 0);
        assertThat(text(first.data())).isEqualTo("hello");
        assertThat(text(second.data())).isEqualTo(" world");
        assertThat(second.startPosition()).isEqualTo(5);
        assertThat(second.endPosition()).isEqualTo(11);
    }

    @Test
    void tailIsTheNewest() {
        assertThat(buffer.tail(10)).isEmpty();
        append("0123456789");
        assertThat(text(buffer.tail(3))).isEqualTo("789");
        assertThat(text(buffer.tail(1 << 20))).isEqualTo("0123456789");
    }

    @Test
    void keepsTheNewestMebibyteAndTellsLateReaders() {
        int total = OutputHistory.CAPACITY_BYTES + 1000;
        for (int i = 0; i < total; i++) {
            buffer.append((byte) (i * 7 + (i >> 8)));
        }
        for (long position : new long[] {-1, 0, 999}) {
            OutputChunk oldest = buffer.readFrom(position, OutputHistory.CAPACITY_BYTES, 0);
            assertThat(oldest.startPosition()).isEqualTo(1000);
            assertThat(oldest.endPosition()).isEqualTo(total);
            for (int i = 1000; i < total; i++) {
                if (oldest.data()[i - 1000] != (byte) (i * 7 + (i >> 8))) {
                    throw new AssertionError("byte " + i + " differs");
                }
            }
        }
        assertThat(buffer.endPosition()).isEqualTo(total);
    }

    @Test
    void growingLosesNothing() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            append("line " + i + "\n");
            all.append("line ").append(i).append('\n');
        }
        assertThat(text(buffer.tail(1 << 20))).isEqualTo(all.toString());
    }

    @Test
    void waitingReaderIsWokenByOutput() throws Exception {
        FutureTask<OutputChunk> read =
                new FutureTask<>(() -> buffer.readFrom(0, 100, OutputHistory.LONGEST_WAIT_MILLIS));
        Thread reader = new Thread(read, "reader");
        reader.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (reader.getState() != Thread.State.TIMED_WAITING && System.nanoTime() < deadline) {
            LockSupport.parkNanos(100_000);
        }
        assertThat(reader.getState()).isEqualTo(Thread.State.TIMED_WAITING);
        buffer.append((byte) 'x');
        assertThat(text(read.get(10, TimeUnit.SECONDS).data())).isEqualTo("x");
    }

    @Test
    void readWithNothingThereEndsEmptyAfterItsWait() {
        append("ab");
        OutputChunk none = buffer.readFrom(2, 10, 1);
        assertThat(none.startPosition()).isEqualTo(2);
        assertThat(none.endPosition()).isEqualTo(2);
        assertThat(none.data()).isEmpty();
    }

    @Test
    void interruptEndsTheWaitAndStaysSet() {
        Thread.currentThread().interrupt();
        assertThat(buffer.readFrom(0, 10, OutputHistory.LONGEST_WAIT_MILLIS).data())
                .isEmpty();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void refusesWhatNoReaderCanMean() {
        append("ab");
        assertThatThrownBy(() -> buffer.readFrom(3, 10, 0)).hasMessageContaining("position 3");
        assertThatThrownBy(() -> buffer.readFrom(0, 0, 0)).hasMessageContaining("maxBytes is 0");
        assertThatThrownBy(() -> buffer.readFrom(0, (1 << 20) + 1, 0)).hasMessageContaining("1048576");
        assertThatThrownBy(() -> buffer.readFrom(0, 1, -1)).hasMessageContaining("waitMillis is -1");
        assertThatThrownBy(() -> buffer.readFrom(0, 1, 30_001)).hasMessageContaining("30000");
        assertThatThrownBy(() -> buffer.tail(0)).hasMessageContaining("bytes is 0");
        assertThatThrownBy(() -> buffer.tail(Integer.MIN_VALUE)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsSkippedIsCountedAndNotKept() {
        append("before");
        buffer.skip(10_000_000_000L);
        append("after");

        assertThat(buffer.endPosition()).isEqualTo(10_000_000_011L);
        assertThat(text(buffer.tail(100))).isEqualTo("after");
        assertThat(buffer.readFrom(0, 100, 0).startPosition()).isEqualTo(10_000_000_006L);
    }

    @Test
    void aBlockIsAppendedAsItsBytesAre() {
        buffer.append("0123456789".getBytes(StandardCharsets.UTF_8), 2, 5);
        assertThat(text(buffer.tail(100))).isEqualTo("23456");
    }
}
