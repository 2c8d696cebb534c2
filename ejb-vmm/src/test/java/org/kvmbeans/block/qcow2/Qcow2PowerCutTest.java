package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.qcow2.check.CheckResult;
import org.kvmbeans.block.qcow2.check.Qcow2Check;
import org.kvmbeans.block.qcow2.check.Repair;
import org.kvmbeans.block.testing.QemuTool;

/**
 * The power is cut at many points of a recorded history: of what was written after the last flush, any part may be there.
 * The image must open, check clean but for leaks, and hold in every sector what was flushed, or something that was written
 * there later.
 */
class Qcow2PowerCutTest {
    private static final int SECTOR = 512;
    private static final int SECTORS = 3000;
    private static final int STEPS = 250;
    private static final int CUTS = Integer.getInteger("kvmbeans.power.cuts", 120);

    private Path directory = Path.of("");
    private byte[] backing = new byte[0];

    /** What a sector has held, and since which event of the storage that is durable; 0 reads as zeros, -1 as the backing. */
    private static final class History {
        final List<Integer> versions = new ArrayList<>(List.of(-1));
        /** The index in versions that is durable, with the count of events from which on it is. */
        final List<int[]> durable = new ArrayList<>(List.of(new int[] {0, 0}));

        int durableAt(int events) {
            int index = 0;
            for (int[] point : durable) {
                index = point[1] <= events ? point[0] : index;
            }
            return index;
        }
    }

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=4096",
                "cluster_size=512",
                "cluster_size=65536",
                "cluster_size=4096,refcount_bits=1",
                "cluster_size=4096,lazy_refcounts=on",
                "cluster_size=16384,extended_l2=on",
                "cluster_size=4096,compat=0.10",
                "backing cluster_size=4096",
                "backing cluster_size=16384,extended_l2=on",
                "backing cluster_size=512",
            })
    void holdsWhatWasFlushedWhenThePowerIsCut(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        boolean overlay = options.startsWith("backing ");
        String imageOptions = options.substring(overlay ? 8 : 0);
        List<String> arguments = new ArrayList<>(List.of("create", "-q", "-f", "qcow2", "-o", imageOptions));
        if (overlay) {
            Path below = directory.resolve("backing.raw");
            backing = new byte[SECTORS * SECTOR / 2];
            for (int sector = 0; sector < backing.length / SECTOR; sector++) {
                System.arraycopy(contents(sector, 1_000_000), 0, backing, sector * SECTOR, SECTOR);
            }
            Files.write(below, backing);
            arguments.addAll(List.of("-b", below.toString(), "-F", "raw"));
        }
        arguments.addAll(List.of(path.toString(), Integer.toString(SECTORS * SECTOR)));
        QemuTool.img(arguments.toArray());
        byte[] start = Files.readAllBytes(path);
        MemoryStorage storage = new MemoryStorage(start, Access.READ_WRITE);
        storage.record();
        Random random = new Random(options.hashCode());
        List<History> histories = new ArrayList<>();
        for (int i = 0; i < SECTORS; i++) {
            histories.add(new History());
        }
        writeHistory(storage, random, histories);
        List<MemoryStorage.Event> events = storage.events();
        for (int cut = 0; cut < CUTS; cut++) {
            int at = cut == 0 ? events.size() : random.nextInt(events.size() + 1);
            byte[] left = leftAt(start, events, at, random);
            check(left, at, histories, options + " seed, cut at event " + at + " of " + events.size());
        }
    }

    private void writeHistory(MemoryStorage storage, Random random, List<History> histories) throws IOException {
        try (Qcow2Image image = open(storage)) {
            for (int step = 1; step <= STEPS; step++) {
                int first = random.nextInt(SECTORS);
                int count = 1 + random.nextInt(Math.min(SECTORS - first, random.nextInt(3) == 0 ? 300 : 12));
                switch (random.nextInt(10)) {
                    case 0, 1 -> {
                        image.flush();
                        for (History history : histories) {
                            history.durable.add(new int[] {history.versions.size() - 1, storage.eventCount()});
                        }
                    }
                    case 2 -> {
                        add(histories, first, count, 0);
                        image.writeZeroes((long) first * SECTOR, (long) count * SECTOR, random.nextBoolean());
                    }
                    case 3 -> {
                        // Either is right afterwards, and stays what it is from then on.
                        add(histories, first, count, 0);
                        image.discard((long) first * SECTOR, (long) count * SECTOR);
                        settleDiscard(image, histories, first, count);
                    }
                    default -> {
                        byte[] data = new byte[count * SECTOR];
                        for (int i = 0; i < count; i++) {
                            System.arraycopy(contents(first + i, step), 0, data, i * SECTOR, SECTOR);
                        }
                        add(histories, first, count, step);
                        EngineDisk.write(image, (long) first * SECTOR, data);
                    }
                }
            }
        }
    }

    private void settleDiscard(Qcow2Image image, List<History> histories, int first, int count) throws IOException {
        byte[] now = EngineDisk.read(image, (long) first * SECTOR, count * SECTOR);
        for (int i = 0; i < count; i++) {
            History history = histories.get(first + i);
            byte[] sector = Arrays.copyOfRange(now, i * SECTOR, (i + 1) * SECTOR);
            if (!Arrays.equals(sector, new byte[SECTOR])) {
                int before = history.versions.get(history.versions.size() - 2);
                assertThat(sector).isEqualTo(contents(first + i, before));
                history.versions.add(before);
            }
        }
    }

    private static void add(List<History> histories, int first, int count, int version) {
        for (int i = first; i < first + count; i++) {
            histories.get(i).versions.add(version);
        }
    }

    /** Everything before the last flush, and any part of what came after it: each sector of it or not. */
    private static byte[] leftAt(byte[] start, List<MemoryStorage.Event> events, int at, Random random) {
        MemoryStorage left = new MemoryStorage(start, Access.READ_WRITE);
        int flushed = at;
        while (flushed > 0 && !events.get(flushed - 1).flush()) {
            flushed--;
        }
        int keepOf = 1 + random.nextInt(4);
        for (int i = 0; i < at; i++) {
            MemoryStorage.Event event = events.get(i);
            if (i < flushed || event.resizedTo() >= 0) {
                left.apply(event);
                continue;
            }
            boolean torn = random.nextInt(8) == 0;
            if (!torn && random.nextInt(keepOf) == 0) {
                left.apply(event);
            }
            for (int sector = 0; torn && sector < event.data().length; sector += SECTOR) {
                if (random.nextBoolean()) {
                    int end = Math.min(event.data().length, sector + SECTOR);
                    left.apply(new MemoryStorage.Event(
                            event.offset() + sector, Arrays.copyOfRange(event.data(), sector, end), -1));
                }
            }
        }
        return left.contents();
    }

    private void check(byte[] left, int at, List<History> histories, String what) throws IOException {
        MemoryStorage storage = new MemoryStorage(left, Access.READ_WRITE);
        boolean dirty = Qcow2HeaderFile.open(EngineDisk.POSIX, storage).header().has(Feature.DIRTY);
        CheckResult result = dirty
                ? Qcow2Check.repair(EngineDisk.POSIX, storage, Repair.ALL, Progress.NONE)
                : Qcow2Check.check(EngineDisk.POSIX, storage, Progress.NONE);
        assertThat(result.corruptions()).as("%s: %s", what, result).isZero();
        assertThat(result.checkErrors()).as(what).isZero();
        try (Qcow2Image image = open(storage)) {
            byte[] disk = EngineDisk.read(image, 0, SECTORS * SECTOR);
            for (int i = 0; i < SECTORS; i++) {
                History history = histories.get(i);
                byte[] sector = Arrays.copyOfRange(disk, i * SECTOR, (i + 1) * SECTOR);
                int durable = history.durableAt(at);
                boolean allowed = false;
                for (int v = durable; v < history.versions.size(); v++) {
                    allowed |= Arrays.equals(sector, contents(i, history.versions.get(v)));
                }
                assertThat(allowed)
                        .as(
                                "%s: sector %d has version %d of sector %d, allowed %s from %d on",
                                what,
                                i,
                                ByteBuffer.wrap(sector).getInt(4),
                                ByteBuffer.wrap(sector).getInt(0),
                                history.versions,
                                durable)
                        .isTrue();
            }
        }
    }

    private Qcow2Image open(MemoryStorage storage) throws IOException {
        return Qcow2Image.open(EngineDisk.POSIX, storage, EngineDisk.OPENER);
    }

    private byte[] contents(int sector, int version) {
        if (version == -1 && (sector + 1) * SECTOR <= backing.length && backing[sector * SECTOR + SECTOR - 1] != 0) {
            return Arrays.copyOfRange(backing, sector * SECTOR, (sector + 1) * SECTOR);
        }
        byte[] contents = new byte[SECTOR];
        if (version > 0) {
            Arrays.fill(contents, (byte) (version * 7 + sector | 1));
            ByteBuffer.wrap(contents).putInt(sector).putInt(version);
        }
        return contents;
    }
}
