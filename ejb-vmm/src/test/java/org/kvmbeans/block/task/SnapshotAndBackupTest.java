package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;

/** What is kept of a disk in use as it is at a moment. */
class SnapshotAndBackupTest extends TaskTest {
    private final MemoryImage image = new MemoryImage("image", SIZE);
    private final SwitchableImage disk = disk(image);

    SnapshotAndBackupTest() throws IOException {
        image.filled(1);
    }

    private Path target() {
        return directory.resolve("target");
    }

    private void snapshot(MemoryMaker maker) throws IOException {
        new OverlaySnapshot(disk).run(maker, target(), NewImage.Existing.REFUSE, (path, backing) -> {
            MemoryImage overlay = maker.open(path);
            overlay.exchangeBacking(backing);
            return overlay;
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void overlayTakesWhatIsWrittenFromThenOn(long seed) throws Exception {
        MemoryMaker maker = new MemoryMaker();
        try (Writers writers = new Writers(disk, seed).start()) {
            snapshot(maker);
            byte[] then = Memory.contents(image);
            byte[] model = writers.stop();
            Memory.write(disk, 0, Memory.random(4096, 3));
            System.arraycopy(Memory.random(4096, 3), 0, model, 0, 4096);

            assertThat(Memory.contents(image)).isEqualTo(then);
            assertThat(image.readOnly()).isTrue();
            assertThat(image.flushes).isPositive();
            assertThat(Memory.contents(disk)).isEqualTo(model);
        }
        disk.close();
        assertThat(image.closed).isTrue();
    }

    @Test
    void overlayThatCannotBeOpenedIsRemoved() throws IOException {
        byte[] before = Memory.contents(disk);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> new OverlaySnapshot(disk)
                        .run(new MemoryMaker(), target(), NewImage.Existing.REFUSE, (path, backing) -> {
                            throw new DiskImageException(DiskImageException.Kind.DENIED, path.toString(), "no");
                        }));
        assertThat(files()).isEmpty();
        assertThat(image.readOnly()).isFalse();
        assertThat(Memory.contents(disk)).isEqualTo(before);
    }

    @Test
    void overlayOfAnotherSizeIsRemoved() throws IOException {
        MemoryMaker wrong = new MemoryMaker() {
            @Override
            MemoryImage image(long sizeBytes) {
                return new MemoryImage("wrong", sizeBytes / 2);
            }
        };
        assertThatExceptionOfType(DiskImageException.class).isThrownBy(() -> snapshot(wrong));
        assertThat(files()).isEmpty();
        assertThat(image.closed).isFalse();
        Memory.write(disk, 0, Memory.random(4096, 3));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void backupIsTheDiskAsItWasWhenItBegan(long seed) throws Exception {
        byte[][] then = new byte[1][];
        try (Writers writers = new Writers(disk, seed).start()) {
            new Backup(means, disk)
                    .run(
                            (parts, of) -> {
                                parts.markAll();
                                then[0] = Memory.contents(of);
                            },
                            raw,
                            target(),
                            NewImage.Existing.REFUSE,
                            Progress.NONE);
            assertThat(fileContents(target())).isEqualTo(then[0]);
            assertThat(writers.stop()).isEqualTo(Memory.contents(disk));
        }
        assertThat(Memory.contents(image)).isNotEqualTo(then[0]);
    }

    @Test
    void incrementalBackupHoldsWhatChanged() throws IOException {
        DirtyMap changes = new DirtyMap(SIZE, 64 << 10);
        disk.exclusively(exclusive -> {
            exclusive.watch(changes);
            return exclusive;
        });
        byte[] before = Memory.contents(disk);
        Memory.write(disk, 8192, Memory.random(4096, 2));
        disk.writeZeroes(1 << 20, 64 << 10, true);
        MemoryMaker maker = new MemoryMaker();
        new Backup(means, disk)
                .run(Beginning.changes(changes), maker, target(), NewImage.Existing.REFUSE, Progress.NONE);

        assertThat(changes.dirtyBytes()).isZero();
        assertThat(maker.made().ownClusters()).isEqualTo(2 * (64 << 10) / MemoryImage.CLUSTER);
        MemoryImage full = new MemoryImage("full", SIZE);
        Memory.write(full, 0, before);
        maker.made().exchangeBacking(full);
        assertThat(Memory.contents(maker.made())).isEqualTo(Memory.contents(disk));
    }

    @Test
    void changesAreKeptForTheNextBackupWhereOneFails() throws IOException {
        DirtyMap changes = new DirtyMap(SIZE, 64 << 10);
        changes.mark(0, 200_000);
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> new Backup(means, disk)
                        .run(Beginning.changes(changes), raw, target(), NewImage.Existing.REFUSE, cancelAt(1)));
        assertThat(changes.dirtyBytes()).isEqualTo(4 * 65536);
    }

    @Test
    void backupThatIsCancelledLeavesNoTarget() throws IOException {
        byte[] before = Memory.contents(disk);
        int step = 0;
        for (boolean cancelled = true; cancelled; step++) {
            cancelled = false;
            try {
                new Backup(means, disk).run(Beginning.ALL, raw, target(), NewImage.Existing.REFUSE, cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                assertThat(files()).isEmpty();
            }
        }
        assertThat(step).isGreaterThan(10);
        assertThat(fileContents(target())).isEqualTo(before);
    }

    @Test
    void backupThatFailsDoesTheGuestNoHarm() throws Exception {
        FaultyPosix faults = new FaultyPosix();
        RawMaker full = new RawMaker(faults.posix(), CacheMode.WRITEBACK, RawMaker.Preallocation.OFF);
        faults.fail("pwrite", Errno.ENOSPC);
        try (Writers writers = new Writers(disk, 1).start()) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> new Backup(means, disk)
                            .run(Beginning.ALL, full, target(), NewImage.Existing.REFUSE, Progress.NONE))
                    .withMessageContaining("ENOSPC");
            assertThat(writers.stop()).isEqualTo(Memory.contents(disk));
        }
        assertThat(files()).isEmpty();
    }
}
