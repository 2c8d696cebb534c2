package org.kvmbeans.arch.x86.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images made to break the loader: it boots them or says what is wrong, and stays small. */
class HostileImageTest {
    /** What loading may allocate on the heap: headers, and buffers for clearing. */
    private static final long ALLOCATION_LIMIT_BYTES = 2 << 20;

    private static final int ROUNDS = 500;
    private static final long[] EDGES = {
        0,
        1,
        -1,
        0x7F,
        0x80,
        0xFF,
        0xFFFF,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        1 << 20
    };

    @TempDir
    Path folder;

    static List<ByteBuffer> images() {
        return List.of(
                TestImages.bzImage(), TestImages.pvhElf64(), TestImages.multibootElf32(), TestImages.multibootFlat());
    }

    @ParameterizedTest
    @MethodSource("images")
    void everyTruncationIsBootedOrRefused(ByteBuffer image) {
        try (BootFixture guest = new BootFixture(folder, 8 * BootFixture.MIB)) {
            for (int length = 1; length < image.capacity(); length += length < 0x400 ? 7 : 61) {
                byte[] head = new byte[length];
                image.get(0, head);
                bootOrRefuse(guest, head, "truncated to " + length);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void everyMutationIsBootedOrRefused(ByteBuffer image) {
        Random random = new Random(42);
        byte[] original = new byte[image.capacity()];
        image.get(0, original);
        try (BootFixture guest = new BootFixture(folder, 8 * BootFixture.MIB)) {
            for (int round = 0; round < ROUNDS; round++) {
                byte[] mutant = original.clone();
                mutate(mutant, random);
                bootOrRefuse(guest, mutant, "round " + round);
            }
        }
    }

    /** Puts one to three values where headers are. */
    private static void mutate(byte[] image, Random random) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            int width = 1 << random.nextInt(4);
            int offset = random.nextInt(0x280);
            if (random.nextInt(8) == 0) {
                offset += TestImages.SEGMENT_OFFSET;
            }
            long value = random.nextBoolean() ? EDGES[random.nextInt(EDGES.length)] : random.nextLong();
            for (int j = 0; j < width && offset + j < image.length; j++) {
                image[offset + j] = (byte) (value >>> (j * 8));
            }
        }
    }

    private static void bootOrRefuse(BootFixture guest, byte[] image, String what) {
        Path kernel = guest.kernelFile(image);
        long before = allocated();
        try {
            guest.boot(kernel);
        } catch (BootException e) {
            assertThat(e).as(what).hasMessageContaining(":");
        } catch (RuntimeException e) {
            fail(what, e);
        }
        assertThat(allocated() - before).as(what).isLessThan(ALLOCATION_LIMIT_BYTES);
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
