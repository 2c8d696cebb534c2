package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;

class MirrorTest extends TaskTest {
    private Path target() {
        return directory.resolve("target.raw");
    }

    private Future<?> start(Mirror mirror, ImageMaker maker, Progress progress) {
        return threads.submit(() -> {
            mirror.run(maker, target(), NewImage.Existing.REFUSE, maker::open, progress);
            return mirror;
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void diskGoesOnWithACopyThatHoldsAllWrites(long seed) throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(seed);
        try (SwitchableImage disk = disk(source);
                Writers writers = new Writers(disk, seed).start()) {
            Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
            Future<?> running = start(mirror, raw, Progress.NONE);
            mirror.await(Mirror.State.READY);
            mirror.end(Mirror.Ending.SWITCH);
            running.get();
            byte[] model = writers.stop();

            assertThat(source.closed).isTrue();
            assertThat(Memory.contents(disk)).isEqualTo(model);
            disk.flush();
            assertThat(fileContents(target())).isEqualTo(model);
        }
        assertThat(files()).containsExactly("target.raw");
    }

    @Test
    void copyThatIsKeptIsTheDiskAtThatMoment() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        Future<?> running = start(mirror, raw, Progress.NONE);
        mirror.await(Mirror.State.READY);
        Memory.write(disk, 8192, Memory.random(8192, 4));
        byte[] then = Memory.contents(disk);
        mirror.end(Mirror.Ending.KEEP);
        running.get();
        Memory.write(disk, 8192, Memory.random(8192, 5));

        assertThat(fileContents(target())).isEqualTo(then);
        assertThat(source.closed).isFalse();
        assertThat(Memory.contents(source)).isNotEqualTo(then);
    }

    @Test
    void goesOnWithAnImageThatIsOpenAlready() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        MemoryImage copy = new MemoryImage("copy", SIZE).filled(2);
        SwitchableImage disk = disk(source);
        source.writeZeroes(1 << 20, 1 << 20, true);
        byte[] before = Memory.contents(disk);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        mirror.end(Mirror.Ending.SWITCH);
        mirror.run(CopyTarget.open(copy, 4096), Progress.NONE);
        assertThat(source.closed).isTrue();
        assertThat(copy.closed).isFalse();
        assertThat(Memory.contents(disk)).isEqualTo(before);
        assertThat(Memory.contents(copy)).isEqualTo(before);
    }

    @Test
    void copiesOnlyWhatAnEarlierCopyLacks() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        MemoryImage copy = new MemoryImage("copy", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        DirtyMap changes = new DirtyMap(SIZE, 4096);
        changes.mark(8192, 4096);
        Memory.write(source, 8192, Memory.random(4096, 9));
        copy.failWriteIn.set(1);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL, Beginning.changes(changes));
        mirror.end(Mirror.Ending.KEEP);
        mirror.run(CopyTarget.open(copy, 4096), Progress.NONE);
        assertThat(Memory.contents(copy.again())).isEqualTo(Memory.contents(disk));
    }

    @Test
    void copiesTheTopImageAlone() throws Exception {
        MemoryImage base = new MemoryImage("base", SIZE).filled(1);
        MemoryImage top = MemoryImage.over("top", base, "base");
        Memory.write(top, 4096, Memory.random(8192, 4));
        top.writeZeroes(1 << 20, 4096, true);
        SwitchableImage disk = disk(top);
        MemoryMaker maker = new MemoryMaker();
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.TOP);
        mirror.end(Mirror.Ending.KEEP);
        start(mirror, maker, Progress.NONE).get();

        assertThat(maker.made().ownClusters()).isEqualTo(3);
        maker.made().exchangeBacking(base);
        assertThat(Memory.contents(maker.made())).isEqualTo(Memory.contents(disk));
    }

    @Test
    void cancelledAtAnyStepLeavesTheDiskAsItWas() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        byte[] before = Memory.contents(source);
        int step = 0;
        for (boolean cancelled = true; cancelled; step++) {
            Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
            mirror.end(Mirror.Ending.SWITCH);
            cancelled = false;
            try {
                mirror.run(raw, target(), NewImage.Existing.REFUSE, raw::open, cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                assertThat(files()).isEmpty();
                assertThat(mirror.state()).isEqualTo(Mirror.State.ENDED);
                assertThat(source.closed).isFalse();
                assertThat(disk.writeAtOnce(0, Memory.vector(new byte[512]))).isFalse();
            }
        }
        assertThat(step).isGreaterThan(20);
        assertThat(source.closed).isTrue();
        assertThat(Memory.contents(disk)).isEqualTo(before);
        disk.close();
    }

    @Test
    void failureOfTheTargetDoesTheGuestNoHarm() throws Exception {
        FaultyPosix faults = new FaultyPosix();
        RawMaker full = new RawMaker(faults.posix(), CacheMode.WRITEBACK, RawMaker.Preallocation.OFF);
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        faults.fail("pwrite", Errno.ENOSPC);
        try (Writers writers = new Writers(disk, 1).start()) {
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() -> new Mirror(means, disk, Mirror.Scope.FULL)
                            .run(full, target(), NewImage.Existing.REFUSE, full::open, Progress.NONE))
                    .matches(e -> e.kind() == Kind.NO_SPACE);
            assertThat(Memory.contents(disk)).isNotEmpty();
            assertThat(writers.stop()).isEqualTo(Memory.contents(source));
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void copyThatCannotBeOpenedAgainLeavesTheDiskWithItsImage() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        mirror.end(Mirror.Ending.SWITCH);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> mirror.run(
                        raw,
                        target(),
                        NewImage.Existing.REFUSE,
                        path -> {
                            throw new DiskImageException(Kind.DENIED, path.toString(), "not here");
                        },
                        Progress.NONE));
        assertThat(source.closed).isFalse();
        assertThat(Memory.contents(disk)).isEqualTo(Memory.contents(source));
    }

    @Test
    void copyOfAnotherKindIsRefusedAndClosed() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        MemoryImage other = new MemoryImage("other", SIZE / 2);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        mirror.end(Mirror.Ending.SWITCH);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> mirror.run(raw, target(), NewImage.Existing.REFUSE, path -> other, Progress.NONE))
                .withMessageContaining("a size of " + SIZE + " would do");
        assertThat(other.closed).isTrue();
        assertThat(source.closed).isFalse();
    }

    @Test
    void diskThatIsClosedEndsTheMirror() throws Exception {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        SwitchableImage disk = disk(source);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        Future<?> running = start(mirror, raw, Progress.NONE);
        mirror.await(Mirror.State.READY);
        disk.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(running::get)
                .withMessageContaining("powered off");
        assertThat(files()).isEmpty();
    }

    @Test
    void diskHasOneOperationAtATime() throws Exception {
        SwitchableImage disk = disk(new MemoryImage("source", SIZE));
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        Future<?> running = start(mirror, raw, Progress.NONE);
        mirror.await(Mirror.State.READY);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> disk.resize(2 * SIZE))
                .matches(e -> e.kind() == Kind.LOCKED)
                .withMessageContaining("a mirror is in progress");
        mirror.end(Mirror.Ending.KEEP);
        running.get();
        disk.resize(2 * SIZE);
        try (DiskImage closing = disk) {
            assertThat(closing.sizeBytes()).isEqualTo(2 * SIZE);
        }
    }
}
