package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;

/** Operations that move contents up and down a chain. */
class ChainTasksTest extends TaskTest {
    private static final int CLUSTER = MemoryImage.CLUSTER;

    /** Steps that are many are not all tried. */
    private static final int STRIDE = 9;

    /** Three images deep, each with some clusters of its own. */
    private final MemoryImage base = new MemoryImage("base", SIZE);

    private final MemoryImage middle = MemoryImage.over("middle", base, "base");
    private final MemoryImage top = MemoryImage.over("top", middle, "middle");

    ChainTasksTest() throws IOException {
        for (int at = 0; at < SIZE / CLUSTER; at++) {
            put(base, at, 5, 4);
            put(middle, at, 7, 3);
            put(top, at, 11, 3);
        }
        base.toRead();
        middle.toRead();
    }

    private static void put(MemoryImage image, int cluster, int modulus, int below) throws IOException {
        if (cluster % modulus < below) {
            Memory.write(image, (long) cluster * CLUSTER, Memory.random(CLUSTER, cluster * 31L + modulus));
        } else if (cluster % modulus == below) {
            image.writeZeroes((long) cluster * CLUSTER, CLUSTER, true);
        }
    }

    private MemoryImage reopen(MemoryImage image, Access access) {
        MemoryImage opened = image.again();
        return access == Access.READ_WRITE ? opened.toWrite() : opened.toRead();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void commitMovesTheTopDownWhileTheGuestWrites(long seed) throws Exception {
        SwitchableImage disk = disk(top);
        try (Writers writers = new Writers(disk, seed).start()) {
            Future<?> running = threads.submit(() -> {
                new Commit(means, disk).run(access -> reopen(middle, access), CLUSTER, Progress.NONE);
                return disk;
            });
            running.get();
            byte[] model = writers.stop();
            assertThat(Memory.contents(disk)).isEqualTo(model);
            assertThat(Memory.contents(middle)).isEqualTo(model);
        }
        assertThat(top.closed).isTrue();
        assertThat(middle.closed).isFalse();
        disk.close();
        assertThat(base.closed).isTrue();
    }

    @Test
    void commitThatIsCancelledLeavesTheDiskAsItWas() throws IOException {
        SwitchableImage disk = disk(top);
        byte[] before = Memory.contents(disk);
        int step = 0;
        for (boolean cancelled = true; cancelled; step += STRIDE) {
            cancelled = false;
            try {
                new Commit(means, disk).run(access -> reopen(middle, access), CLUSTER, cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                assertThat(top.closed).isFalse();
                assertThat(middle.readOnly()).isTrue();
            }
            assertThat(Memory.contents(disk)).isEqualTo(before);
        }
        assertThat(step).isGreaterThan(10);
    }

    @Test
    void backingFileThatCannotBeWrittenIsReadOn() throws IOException {
        SwitchableImage disk = disk(top);
        byte[] before = Memory.contents(disk);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> new Commit(means, disk)
                        .run(
                                access -> {
                                    if (access == Access.READ_WRITE) {
                                        throw new DiskImageException(
                                                DiskImageException.Kind.LOCKED, "middle", "another has it");
                                    }
                                    return reopen(middle, access);
                                },
                                CLUSTER,
                                Progress.NONE));
        assertThat(Memory.contents(disk)).isEqualTo(before);
    }

    @Test
    void commitGrowsABackingFileThatIsShorter() throws IOException {
        MemoryImage small = new MemoryImage("small", SIZE / 2).filled(3).toRead();
        MemoryImage over = MemoryImage.over("over", small, "small");
        over.resize(SIZE);
        Memory.write(over, SIZE - CLUSTER, Memory.random(CLUSTER, 1));
        SwitchableImage disk = disk(over);
        byte[] before = Memory.contents(disk);
        new Commit(means, disk).run(access -> reopen(small, access), CLUSTER, Progress.NONE);
        assertThat(Memory.contents(small)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void streamLeavesTheTopAloneWhileTheGuestWrites(long seed) throws Exception {
        SwitchableImage disk = disk(top);
        try (Writers writers = new Writers(disk, seed).start()) {
            new Streaming(means, disk).run(null, Progress.NONE);
            byte[] model = writers.stop();
            assertThat(Memory.contents(disk)).isEqualTo(model);
            assertThat(Memory.contents(top)).isEqualTo(model);
        }
        assertThat(top.backing()).isNull();
        assertThat(top.backingReference()).isNull();
        assertThat(middle.closed).isTrue();
        assertThat(base.closed).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE / 2})
    void streamUpToABaseLeavesTheTopOverIt(int middleBytes) throws IOException {
        middle.resize(middleBytes);
        SwitchableImage disk = disk(top);
        byte[] before = Memory.contents(disk);
        new Streaming(means, disk).run(new Streaming.Base(2, new BackingReference("base", "memory")), Progress.NONE);
        assertThat(top.backing()).isSameAs(base);
        assertThat(base.closed).isFalse();
        assertThat(middle.closed).isTrue();
        assertThat(Objects.requireNonNull(top.backingReference()).path()).isEqualTo("base");
        assertThat(Memory.contents(disk)).isEqualTo(before);
    }

    @Test
    void streamCopiesNothingThatTheBaseShows() throws IOException {
        long before = top.ownClusters();
        long above = middle.ownClusters();
        new Streaming(means, disk(top))
                .run(new Streaming.Base(2, new BackingReference("base", "memory")), Progress.NONE);
        assertThat(top.ownClusters()).isBetween(before, before + above);
    }

    @Test
    void streamToABaseThatTheChainHasNotIsRefused() {
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> new Streaming(means, disk(top))
                        .run(new Streaming.Base(3, new BackingReference("base", "memory")), Progress.NONE))
                .withMessageContaining("no image at depth 3");
    }

    @Test
    void streamThatIsCancelledChangesNothingThatIsSeen() throws IOException {
        SwitchableImage disk = disk(top);
        byte[] before = Memory.contents(disk);
        int step = 0;
        for (boolean cancelled = true; cancelled; step += STRIDE) {
            cancelled = false;
            try {
                new Streaming(means, disk).run(null, cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                assertThat(top.backing()).isSameAs(middle);
            }
            assertThat(Memory.contents(disk)).isEqualTo(before);
        }
        assertThat(step).isGreaterThan(10);
    }

    @Test
    void rebaseKeepsTheContents() throws IOException {
        byte[] before = Memory.contents(top);
        MemoryImage other = new MemoryImage("other", SIZE / 2);
        Memory.write(other, 0, Memory.read(middle, 0, SIZE / 4));
        Memory.write(other, SIZE / 4, Memory.random(SIZE / 8, 3));
        other.toRead();
        new Rebase(means, Rebase.Contents.KEPT).run(top, new BackingReference("other", "memory"), other, Progress.NONE);
        assertThat(top.backing()).isSameAs(other);
        assertThat(Memory.contents(top)).isEqualTo(before);
        assertThat(middle.closed).isTrue();
    }

    @Test
    void rebaseToNothingMakesTheImageStandAlone() throws IOException {
        byte[] before = Memory.contents(top);
        new Rebase(means, Rebase.Contents.KEPT).run(top, null, null, Progress.NONE);
        assertThat(top.backing()).isNull();
        assertThat(Memory.contents(top)).isEqualTo(before);
    }

    @Test
    void rebaseToAnEqualFileCopiesNothing() throws IOException {
        long own = top.ownClusters();
        MemoryImage equal = new MemoryImage("equal", SIZE);
        Memory.write(equal, 0, Memory.contents(middle));
        new Rebase(means, Rebase.Contents.KEPT).run(top, new BackingReference("equal", "memory"), equal, Progress.NONE);
        assertThat(top.ownClusters()).isEqualTo(own);
    }

    @Test
    void rebaseThatFollowsChangesTheReferenceAlone() throws IOException {
        long own = top.ownClusters();
        MemoryImage other = new MemoryImage("other", SIZE).filled(9);
        new Rebase(means, Rebase.Contents.FOLLOW)
                .run(top, new BackingReference("other", "memory"), other, Progress.NONE);
        assertThat(top.ownClusters()).isEqualTo(own);
        assertThat(top.backing()).isSameAs(other);
    }

    @Test
    void rebaseThatIsCancelledOrFailsKeepsTheOldBackingFile() throws IOException {
        byte[] before = Memory.contents(top);
        int step = 0;
        for (boolean cancelled = true; cancelled; step++) {
            MemoryImage other = new MemoryImage("other", SIZE).filled(9);
            cancelled = false;
            try {
                new Rebase(means, Rebase.Contents.KEPT)
                        .run(top, new BackingReference("other", "memory"), other, cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                assertThat(other.closed).isTrue();
                assertThat(top.backing()).isSameAs(middle);
            }
            assertThat(Memory.contents(top)).isEqualTo(before);
        }
        assertThat(step).isGreaterThan(10);
    }
}
