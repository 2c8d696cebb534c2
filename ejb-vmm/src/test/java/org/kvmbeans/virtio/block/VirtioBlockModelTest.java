package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kvmbeans.virtio.block.BlockDriver.DISCARD;
import static org.kvmbeans.virtio.block.BlockDriver.FLUSH;
import static org.kvmbeans.virtio.block.BlockDriver.IN;
import static org.kvmbeans.virtio.block.BlockDriver.OK;
import static org.kvmbeans.virtio.block.BlockDriver.OUT;
import static org.kvmbeans.virtio.block.BlockDriver.WRITE_ZEROES;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.testdriver.Used;

/** A raw image behind the device against an array in the heap: 10,000 random requests over several queues at once. */
class VirtioBlockModelTest {
    private static final int OPERATIONS = 10_000;
    private static final int SECTOR = 512;
    private static final int QUEUES = 4;
    private static final int DEPTH = 16;
    /** Each place of each queue has sectors of its own, so that what is in progress at once does not overlap. */
    private static final int PLACE_SECTORS = 96;

    private static final byte[] NOTHING = {};

    private final byte[] model = new byte[QUEUES * DEPTH * PLACE_SECTORS * SECTOR];
    private final Map<Long, Running> running = new HashMap<>();

    private record Running(int place, int type, int start, int length) {}

    @ParameterizedTest
    @CsvSource({"WRITEBACK, false, 1", "NONE, true, 2", "UNSAFE, true, 3", "WRITEBACK, true, 4"})
    void behavesAsAnArrayOfBytes(CacheMode cache, boolean packed, long seed) throws IOException {
        Path path = Files.createTempFile(Files.createDirectories(Path.of("target", "disks")), "model", ".raw");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(model.length);
        }
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.queues = QUEUES;
        parts.packed = packed;
        RawImage image = RawImage.open(new JnaPosix(), path.toString(), new OpenOptions(Access.READ_WRITE, cache));
        try (BlockDriver driver = parts.start(image)) {
            run(driver, new Random(seed));
            assertThat(driver.harness.resets()).isEmpty();
            assertThat(parts.counters.stream().mapToLong(c -> c.requestsTotal()).sum())
                    .isEqualTo(OPERATIONS);
        } finally {
            assertThat(Files.readAllBytes(path)).isEqualTo(model);
            Files.delete(path);
        }
    }

    private void run(BlockDriver driver, Random random) {
        boolean[][] busy = new boolean[QUEUES][DEPTH];
        for (int done = 0; done < OPERATIONS; ) {
            int queue = random.nextInt(QUEUES);
            int place = random.nextInt(DEPTH);
            if (!busy[queue][place]) {
                busy[queue][place] = true;
                submit(driver, queue, place, random);
                done++;
            } else {
                collect(driver, queue, busy, driver.queue(queue).await());
            }
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            while (contains(busy[queue])) {
                collect(driver, queue, busy, driver.queue(queue).await());
            }
        }
    }

    private static boolean contains(boolean[] busy) {
        for (boolean each : busy) {
            if (each) {
                return true;
            }
        }
        return false;
    }

    private void submit(BlockDriver driver, int queue, int place, Random random) {
        int first = (queue * DEPTH + place) * PLACE_SECTORS;
        int sector = first + random.nextInt(PLACE_SECTORS / 2);
        int sectors = 1 + random.nextInt(PLACE_SECTORS / 2);
        int type =
                new int[] {IN, IN, IN, OUT, OUT, OUT, FLUSH, DISCARD, WRITE_ZEROES, WRITE_ZEROES}[random.nextInt(10)];
        int start = sector * SECTOR;
        int length = sectors * SECTOR;
        byte[] payload = NOTHING;
        int room = 0;
        switch (type) {
            case IN -> room = length;
            case OUT -> {
                payload = new byte[length];
                random.nextBytes(payload);
                System.arraycopy(payload, 0, model, start, length);
            }
            case DISCARD -> {
                payload = BlockDriver.segment(sector, sectors, 0);
                // Files read as zeros where they were punched.
                Arrays.fill(model, start, start + length, (byte) 0);
            }
            case WRITE_ZEROES -> {
                payload = BlockDriver.segment(sector, sectors, random.nextInt(2));
                Arrays.fill(model, start, start + length, (byte) 0);
            }
            default -> {}
        }
        int id = driver.submit(queue, type, sector, payload, room);
        running.put(key(queue, id), new Running(place, type, start, length));
    }

    private void collect(BlockDriver driver, int queue, boolean[][] busy, Used used) {
        Running request = Objects.requireNonNull(running.remove(key(queue, used.id())));
        BlockDriver.Answer answer = driver.answer(queue, used);
        assertThat(answer.status()).isEqualTo(OK);
        if (request.type == IN) {
            assertThat(answer.data())
                    .isEqualTo(Arrays.copyOfRange(model, request.start, request.start + request.length));
        }
        busy[queue][request.place] = false;
    }

    private static long key(int queue, int id) {
        return (long) queue << 32 | id;
    }
}
