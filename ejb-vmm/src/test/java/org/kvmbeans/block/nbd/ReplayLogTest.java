package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

class ReplayLogTest {
    private static final int CAPACITY = 8 << 20;
    private static final int DISK_BYTES = 4 << 20;

    private final Posix posix = new JnaPosix();
    private final ReplayLog log = new ReplayLog(posix, CAPACITY);

    private IoVector memory(byte[] contents) {
        NativeStruct memory = new NativeStruct(posix, contents.length);
        memory.buffer().put(0, contents);
        IoVector vector = new IoVector(posix, 1);
        vector.add(memory.buffer(), memory.address(), 0, contents.length);
        return vector;
    }

    private void replayOn(byte[] disk) {
        IoVector vector = new IoVector(posix, 1);
        for (ReplayLog.Entry entry : log.entries()) {
            if (entry.fill(vector)) {
                byte[] contents = NbdBench.contents(vector);
                System.arraycopy(contents, 0, disk, (int) entry.offset(), contents.length);
            } else {
                Arrays.fill(disk, (int) entry.offset(), (int) (entry.offset() + entry.length()), (byte) 0);
            }
        }
    }

    @Test
    void whatWasFlushedAndWhatIsKeptMakeTheContents() {
        Random random = new Random(3);
        byte[] contents = new byte[DISK_BYTES];
        byte[] durable = new byte[DISK_BYTES];
        for (int i = 0; i < 3000; i++) {
            int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 2 << 20 : 20_000);
            int offset = random.nextInt(DISK_BYTES - length);
            boolean zeroes = random.nextInt(8) == 0;
            while (!log.reserve(zeroes ? ReplayLog.ENTRY_BYTES : length)) {
                System.arraycopy(contents, 0, durable, 0, DISK_BYTES);
                log.flushed(log.mark());
            }
            if (zeroes) {
                log.appendZeroes(offset, length, 0);
                Arrays.fill(contents, offset, offset + length, (byte) 0);
            } else {
                byte[] data = NbdBench.pattern(length, i);
                log.append(offset, memory(data));
                System.arraycopy(data, 0, contents, offset, length);
            }
            if (i % 100 == 0) {
                byte[] replayed = durable.clone();
                replayOn(replayed);
                assertThat(replayed).isEqualTo(contents);
            }
        }
    }

    @Test
    void aFlushCoversWhatWasAcknowledgedBeforeItBeganAlone() {
        assertThat(log.reserve(100)).isTrue();
        log.append(0, memory(new byte[100]));
        long mark = log.mark();
        assertThat(log.reserve(100)).isTrue();
        log.append(100, memory(new byte[100]));

        log.flushed(mark);

        assertThat(log.hasUnflushed()).isTrue();
        assertThat(log.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.offset()).isEqualTo(100));
    }

    @Test
    void withoutMemoryItKnowsThatSomethingMayBeLost() {
        ReplayLog none = new ReplayLog(posix, 0);
        assertThat(none.reserve(1 << 30)).isTrue();
        none.append(0, memory(new byte[100]));

        assertThat(none.entries()).isEmpty();
        assertThat(none.hasUnflushed()).isTrue();
        none.flushed(none.mark());
        assertThat(none.hasUnflushed()).isFalse();
    }
}
