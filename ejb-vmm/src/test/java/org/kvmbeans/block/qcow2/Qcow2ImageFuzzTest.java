package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.virtio.testdriver.Mutations;

/**
 * Images that are wrong anywhere, in use: each request is carried out or refused with the name of the image, none needs more
 * than a bounded number of requests to the storage, and who only reads changes nothing.
 */
class Qcow2ImageFuzzTest {
    private static final int ROUNDS = 1500;
    /** Far more than any of the requests of a target needs of an image that is well. */
    private static final int MAX_REQUESTS = 20_000;

    private static final String MISSING = "there is no such file";
    private static final int MAX_EXTENTS = 200;
    private static final int PIECE_BYTES = 128 << 10;

    @TempDir
    static Path directory;

    /** Storage that gives out when it is asked too often. */
    private static final class CountedStorage extends MemoryStorage {
        private final Access access;
        private int left;

        CountedStorage(byte[] bytes, Access access) {
            super(bytes);
            this.access = access;
            recount();
        }

        void recount() {
            left = MAX_REQUESTS;
        }

        private void count() {
            if (--left < 0) {
                throw new AssertionError("more than " + MAX_REQUESTS + " requests to the storage");
            }
        }

        @Override
        public OpenOptions options() {
            return super.options().withAccess(access);
        }

        @Override
        public void read(long offset, IoVector target) {
            count();
            super.read(offset, target);
        }

        @Override
        public void write(long offset, IoVector source) {
            count();
            assertThat(access).as("writes of an image that is only read").isEqualTo(Access.READ_WRITE);
            super.write(offset, source);
        }

        @Override
        public Extent extent(long offset, long length) {
            count();
            return super.extent(offset, length);
        }
    }

    /** What an image names besides itself is there, and empty. */
    private static final ImageOpener EMPTY_FILES = new ImageOpener() {
        @Override
        public DiskImage openImage(String path, String format, OpenOptions options) throws IOException {
            throw new DiskImageException(Kind.NOT_FOUND, path, MISSING);
        }

        @Override
        public Storage openStorage(String path, OpenOptions options) {
            return new CountedStorage(new byte[1 << 20], options.access());
        }
    };

    private interface Request {
        void run() throws IOException;
    }

    /** Any bytes. */
    static void target(byte[] input) {
        inUse(input, Access.READ_ONLY, Qcow2ImageFuzzTest::readAll);
        inUse(input, Access.READ_WRITE, Qcow2ImageFuzzTest::changeAll);
    }

    private interface Use {
        void of(Qcow2Image image, CountedStorage storage) throws IOException;
    }

    private static void inUse(byte[] input, Access access, Use use) {
        CountedStorage storage = new CountedStorage(input, access);
        attempt(storage, () -> {
            try (Qcow2Image image = Qcow2Image.open(EngineDisk.POSIX, storage, EMPTY_FILES)) {
                use.of(image, storage);
            }
        });
    }

    /** A request that may be refused, but only with words. */
    private static void attempt(CountedStorage storage, Request request) {
        storage.recount();
        try {
            request.run();
        } catch (DiskImageException e) {
            assertThat(e.kind()).isNotEqualTo(Kind.IO_ERROR);
            assertThat(e.getMessage()).containsAnyOf("memory: ", MISSING);
        } catch (IOException e) {
            throw new AssertionError("not said of which image", e);
        }
    }

    private static void readAll(Qcow2Image image, CountedStorage storage) {
        long size = image.sizeBytes();
        for (long offset : places(size)) {
            int length = (int) Math.min(PIECE_BYTES, size - offset);
            attempt(storage, () -> EngineDisk.read(image, offset, length));
        }
        attempt(storage, () -> walk(image));
        attempt(storage, () -> image.snapshots().list());
        attempt(storage, () -> image.bitmaps().list());
    }

    private static void changeAll(Qcow2Image image, CountedStorage storage) {
        long size = image.sizeBytes();
        for (long offset : places(size)) {
            int length = (int) Math.min(PIECE_BYTES, size - offset);
            attempt(storage, () -> EngineDisk.write(image, offset, new byte[length]));
            attempt(storage, () -> image.discard(offset, length / 1024 * 512L));
            attempt(storage, () -> image.writeZeroes(offset, length, true));
        }
        attempt(storage, image::flush);
        attempt(storage, () -> image.snapshots().create("second", 0, 0));
        attempt(storage, () -> image.snapshots().apply("first"));
        attempt(storage, () -> EngineDisk.write(image, 0, new byte[(int) Math.min(512, image.sizeBytes())]));
        attempt(storage, () -> image.snapshots().delete("first"));
        attempt(storage, () -> image.resize(600 << 10));
        attempt(storage, () -> image.resize(700 << 10));
        attempt(storage, image::flush);
    }

    /** The beginning, the end, and what the seeds have written. */
    private static List<Long> places(long size) {
        return List.of(0L, 64L << 10, 128L << 10, 300L << 10, size - PIECE_BYTES, size - 512).stream()
                .filter(offset -> offset >= 0 && offset < size)
                .toList();
    }

    private static void walk(Qcow2Image image) throws IOException {
        long offset = 0;
        for (int i = 0; i < MAX_EXTENTS && offset < image.sizeBytes(); i++) {
            Extent extent = image.extent(offset, image.sizeBytes() - offset);
            assertThat(extent.bytes()).isPositive();
            offset += extent.bytes();
        }
    }

    @Test
    void mutationsOfTables() throws IOException {
        Random random = new Random(6);
        for (byte[] seed : ImageMutants.seeds(directory)) {
            for (int round = 0; round < ROUNDS; round++) {
                byte[] mutant = ImageMutants.mutant(seed, random);
                try {
                    target(mutant);
                } catch (RuntimeException | Error e) {
                    throw new AssertionError("round " + round + " of the seed of " + seed.length + " bytes", e);
                }
            }
        }
    }

    @Test
    void mutationsOfHeaders() throws IOException {
        for (byte[] seed : ImageMutants.seeds(directory)) {
            Mutations.run(List.of(java.util.Arrays.copyOf(seed, 512)), 1000, header -> {
                byte[] whole = seed.clone();
                System.arraycopy(header, 0, whole, 0, header.length);
                target(whole);
            });
        }
    }

    @FuzzTest(maxDuration = "1m")
    void fuzz(byte[] input) {
        target(input);
    }
}
