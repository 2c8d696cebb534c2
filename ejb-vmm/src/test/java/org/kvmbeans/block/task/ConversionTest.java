package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;

class ConversionTest extends TaskTest {
    private final Conversion conversion = new Conversion(means, raw, NewImage.Existing.REFUSE);

    /** A disk with data, zeros that are stored, and holes, of many lengths. */
    private Path mixed(long seed) throws IOException {
        Path path = directory.resolve("source.raw");
        Random random = new Random(seed);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(SIZE);
            for (int at = 0; at < SIZE; ) {
                int length = Math.min(SIZE - at, (random.nextInt(40) + 1) * (512 << random.nextInt(5)));
                file.seek(at);
                switch (random.nextInt(3)) {
                    case 0 -> file.write(Memory.random(length, at));
                    case 1 -> file.write(new byte[length]);
                    default -> file.seek(at + length);
                }
                at += length;
            }
        }
        return path;
    }

    private Path target() {
        return directory.resolve("target.raw");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void copyHasTheSameContents(long seed) throws Exception {
        Path source = mixed(seed);
        try (RawImage image = open(source)) {
            conversion.run(image, target(), Progress.NONE);
        }
        assertThat(fileContents(target())).isEqualTo(fileContents(source));
        assertThat(tool("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), target().toString()))
                .contains("identical");
        assertThat(files()).containsExactly("source.raw", "target.raw");
    }

    @Test
    void zerosBecomeHolesAsWithQemu() throws Exception {
        Path source = mixed(7);
        Path judge = directory.resolve("judge.raw");
        try (RawImage image = open(source)) {
            conversion.run(image, target(), Progress.NONE);
        }
        tool("qemu-img", "convert", "-f", "raw", "-O", "raw", source.toString(), judge.toString());
        try (RawImage ours = open(target());
                RawImage theirs = open(judge)) {
            // A file system counts some blocks of its own.
            assertThat(ours.allocatedBytes()).isLessThanOrEqualTo(theirs.allocatedBytes() + (64 << 10));
        }
    }

    @Test
    void storesOnlyWhatDiffersFromTheBackingFile() throws IOException {
        MemoryImage backing = new MemoryImage("base", SIZE / 2).filled(1);
        MemoryImage source = new MemoryImage("source", SIZE);
        Memory.write(source, 0, Memory.contents(backing));
        Memory.write(source, 40960, new byte[8192]);
        Memory.write(source, SIZE - 4096, Memory.random(4096, 5));
        OverlayMaker maker = new OverlayMaker(backing);

        new Conversion(means, maker, NewImage.Existing.REFUSE).run(source, directory.resolve("over"), Progress.NONE);

        MemoryImage made = maker.made();
        backing.again();
        assertThat(Memory.contents(made)).isEqualTo(Memory.contents(source));
        assertThat(made.ownClusters()).isEqualTo(3);
    }

    /** Makes overlays in the heap, for each a file that stands for it. */
    private static final class OverlayMaker extends MemoryMaker {
        private final MemoryImage backing;

        OverlayMaker(MemoryImage backing) {
            this.backing = backing;
        }

        @Override
        MemoryImage image(long sizeBytes) {
            MemoryImage image = new MemoryImage("over", sizeBytes);
            image.exchangeBacking(backing);
            return image;
        }

        @Override
        public MemoryImage openBacking(Path path) {
            return backing.again();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE / 2 + 512, 512, SIZE + 512, 2 * SIZE})
    void copyOfAnotherSizeIsCutOrFollowedByZeros(int size) throws IOException {
        Path source = mixed(3);
        try (RawImage image = open(source)) {
            conversion.run(image, target(), size, Progress.NONE);
        }
        assertThat(fileContents(target())).isEqualTo(Arrays.copyOf(fileContents(source), size));
    }

    @Test
    void refusesASizeThatIsNoMultipleOfTheBlock() throws IOException {
        try (RawImage image = open(mixed(3))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> conversion.run(image, target(), 1000, Progress.NONE))
                    .withMessageContaining("multiple of 512");
        }
    }

    @Test
    void cancelledAtAnyStepLeavesNoTarget() throws IOException {
        Path source = mixed(4);
        byte[] before = fileContents(source);
        int step = 0;
        for (boolean cancelled = true; cancelled; step++) {
            cancelled = false;
            try (RawImage image = open(source)) {
                conversion.run(image, target(), cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                assertThat(files()).as("after step %d", step).containsExactly("source.raw");
            }
        }
        assertThat(step).isGreaterThan(20);
        assertThat(fileContents(target())).isEqualTo(before);
    }

    @Test
    void sourceThatCannotBeReadLeavesNoTarget() throws IOException {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        source.failReadIn.set(30);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> conversion.run(source, target(), Progress.NONE))
                .withMessageContaining("broken by the test");
        assertThat(files()).isEmpty();
    }

    @Test
    void targetWithoutRoomIsRemoved() throws IOException {
        FaultyPosix faults = new FaultyPosix();
        RawMaker full = new RawMaker(faults.posix(), CacheMode.WRITEBACK, RawMaker.Preallocation.OFF);
        faults.fail("pwrite", Errno.ENOSPC);
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() ->
                        new Conversion(means, full, NewImage.Existing.REFUSE).run(source, target(), Progress.NONE))
                .matches(e -> e.kind() == Kind.NO_SPACE);
        assertThat(files()).isEmpty();
    }

    @Test
    void targetThatCannotBeMadeDurableIsRemoved() throws IOException {
        FaultyPosix faults = new FaultyPosix();
        RawMaker failing = new RawMaker(faults.posix(), CacheMode.WRITEBACK, RawMaker.Preallocation.OFF);
        faults.fail("fdatasync", Errno.EIO);
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() ->
                        new Conversion(means, failing, NewImage.Existing.REFUSE).run(source, target(), Progress.NONE));
        assertThat(files()).isEmpty();
    }

    @Test
    void existingTargetStaysUnlessItIsToBeReplaced() throws IOException {
        Path source = mixed(6);
        Files.writeString(target(), "mine");
        try (RawImage image = open(source)) {
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() -> conversion.run(image, target(), Progress.NONE))
                    .withMessageContaining("there is such a file already");
            assertThat(target()).hasContent("mine");
            new Conversion(means, raw, NewImage.Existing.REPLACE).run(image, target(), Progress.NONE);
        }
        assertThat(fileContents(target())).isEqualTo(fileContents(source));
    }

    @ParameterizedTest
    @ValueSource(strings = {"FALLOC", "FULL"})
    void preallocatedTargetHasAllItsRoom(String how) throws IOException {
        RawMaker maker = new RawMaker(Memory.POSIX, CacheMode.WRITEBACK, RawMaker.Preallocation.valueOf(how));
        MemoryImage source = new MemoryImage("source", SIZE);
        new Conversion(means, maker, NewImage.Existing.REFUSE).run(source, target(), Progress.NONE);
        try (RawImage image = open(target())) {
            assertThat(image.allocatedBytes()).isGreaterThanOrEqualTo(SIZE);
            assertThat(Memory.contents(image)).containsOnly(0);
        }
    }

    @Test
    void linkIsNotReplacedByAFile() throws IOException {
        Path source = mixed(6);
        Files.createSymbolicLink(target(), source);
        try (RawImage image = open(source)) {
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() ->
                            new Conversion(means, raw, NewImage.Existing.REPLACE).run(image, target(), Progress.NONE))
                    .withMessageContaining("no regular file");
        }
        assertThat(target()).isSymbolicLink();
    }

    @Test
    void existingTargetHasItsHeadLast() throws IOException {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        source.writeZeroes(2 << 20, 1 << 20, true);
        MemoryImage target = new MemoryImage("target", SIZE + 8192).filled(2);
        int step = 0;
        for (boolean cancelled = true; cancelled; step += 5) {
            cancelled = false;
            try {
                Conversion.into(means, source, target, 4096, cancelAt(step));
            } catch (CancellationException e) {
                cancelled = true;
                // A head that is the source's says that all is: it was stopped when there was nothing left to copy.
                byte[] head = Memory.read(target, 0, 1 << 20);
                if (Arrays.equals(head, Memory.read(source, 0, 1 << 20))) {
                    assertThat(Memory.read(target, 0, SIZE)).isEqualTo(Memory.contents(source));
                }
            }
        }
        assertThat(step).isGreaterThan(20);
        assertThat(Memory.read(target, 0, SIZE)).isEqualTo(Memory.contents(source));
    }

    @Test
    void existingTargetThatIsTooSmallIsLeftAlone() throws IOException {
        MemoryImage source = new MemoryImage("source", SIZE).filled(1);
        MemoryImage target = new MemoryImage("target", SIZE / 2).filled(2);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> Conversion.into(means, source, target, 4096, Progress.NONE))
                .matches(e -> e.kind() == Kind.NO_SPACE);
        assertThat(Memory.contents(target)).isEqualTo(Memory.random(SIZE / 2, 2));
    }

    @Test
    void nameOfAnUnfinishedFileIsThatOfTheWholeOne() throws IOException {
        NewImage made = NewImage.make(raw, target(), SIZE, NewImage.Existing.REFUSE);
        String unfinished = directory.resolve(files().get(0)).toString();
        assertThat(unfinished).isNotEqualTo(target().toString());
        assertThat(NewImage.nameOf(unfinished)).isEqualTo(target().toString());
        assertThat(NewImage.nameOf(target().toString())).isEqualTo(target().toString());
        made.close();
    }

    @Test
    void progressNeverGoesBackAndEndsWithAll() throws IOException {
        long[] last = {0, 0};
        try (RawImage image = open(mixed(8))) {
            conversion.run(image, target(), (done, total) -> {
                assertThat(done).isBetween(last[0], total);
                last[0] = done;
                last[1] = total;
            });
        }
        assertThat(last[0]).isEqualTo(last[1]).isPositive();
    }
}
