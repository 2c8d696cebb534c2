package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.QueueInterrupt;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.Arena;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.DriverQueue.RingPlace;
import org.kvmbeans.virtio.testdriver.Mutations;
import org.kvmbeans.virtio.testdriver.Segment;

/**
 * Rings of any content: each ends in chains that lie in RAM or in {@link VirtQueueException}, and the device writes only
 * where it may.
 *
 * <p>Input: a byte of features, a byte of what the device does, then guest memory from 0 on: descriptors at 0, the driver's
 * part at 0x100, the device's at 0x140, tables from 0x200 to 0x400.
 */
class QueueFuzzTest {
    private static final int SIZE = 16;
    private static final int DRIVER_GPA = 0x100;
    private static final int DEVICE_GPA = 0x140;
    private static final int TABLES_GPA = 0x200;
    private static final int RING_END = 0x400;
    private static final int HEADER = 2;
    private static final int STEPS = 100;

    private static final JnaPosix POSIX = new JnaPosix();
    private static final GuestMemory MEMORY = GuestMemory.allocate(POSIX, "queue-fuzz", 1 << 20);
    private static final EventFd KICK = EventFd.create(POSIX);

    private static final QueueInterrupt INTERRUPT = new QueueInterrupt() {
        @Override
        public void signal() {}

        @Override
        public int eventFd() {
            return -1;
        }
    };

    private static final RingPlace PLACE = new RingPlace(0, SIZE, 0, DRIVER_GPA, DEVICE_GPA);

    private static long features(int bits) {
        return VirtioFeatures.VERSION_1
                | ((bits & 1) != 0 ? VirtioFeatures.PACKED_RING : 0)
                | ((bits & 2) != 0 ? VirtioFeatures.EVENT_INDEX : 0)
                | ((bits & 4) != 0 ? VirtioFeatures.IN_ORDER : 0)
                | ((bits & 8) == 0 ? VirtioFeatures.INDIRECT_DESCRIPTORS : 0);
    }

    static void target(byte[] input) {
        byte[] header = Arrays.copyOf(input, HEADER);
        byte[] before = new byte[2 * RING_END];
        int length = Math.max(0, Math.min(input.length - HEADER, RING_END));
        System.arraycopy(input, Math.min(HEADER, input.length), before, 0, length);
        MEMORY.write(0, before, 0, before.length);
        long features = features(header[0]);
        VirtQueue queue = VirtQueues.open(
                QueueFixture.context(MEMORY, features),
                new QueueSetup(0, SIZE, 0, DRIVER_GPA, DEVICE_GPA, KICK, INTERRUPT));
        try {
            serve(queue, header[1]);
        } catch (VirtQueueException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
        checkWrites(before, (features & VirtioFeatures.PACKED_RING) != 0);
    }

    /** Takes, undoes, completes and shows, in a pattern; the ring stays as it is, as if the driver had stopped. */
    private static void serve(VirtQueue queue, int pattern) {
        Deque<DescriptorChain> held = new ArrayDeque<>();
        for (int i = 0; i < STEPS; i++) {
            DescriptorChain chain = queue.pop();
            if (chain == null) {
                queue.enableNotifications();
                break;
            }
            checkInRam(chain.readable());
            checkInRam(chain.writable());
            if ((pattern & 1) != 0 && i % 5 == 4) {
                queue.undoPop(chain);
            } else {
                held.add(chain);
            }
            if ((pattern & 2) != 0 && i % 3 == 2 && !held.isEmpty()) {
                DescriptorChain done = (pattern & 4) != 0 ? held.removeLast() : held.removeFirst();
                queue.push(done, done.writable().totalBytes());
            }
            if ((pattern & 8) != 0) {
                queue.disableNotifications();
                queue.publish();
            }
        }
        assertThat(held.size()).isLessThanOrEqualTo(SIZE);
        held.forEach(chain -> queue.push(chain, 0));
        queue.publish();
    }

    private static void checkInRam(GuestBuffers buffers) {
        long total = 0;
        for (int i = 0; i < buffers.count(); i++) {
            int bytes = buffers.lengthBytes(i);
            assertThat(bytes > 0 && MEMORY.contains(buffers.gpa(i), bytes)).isTrue();
            total += bytes;
        }
        assertThat(total).isEqualTo(buffers.totalBytes()).isLessThanOrEqualTo(1L << 32);
        assertThat(buffers.count()).isLessThanOrEqualTo(DescriptorChain.MAX_DESCRIPTORS);
    }

    private static void checkWrites(byte[] before, boolean packed) {
        byte[] after = new byte[before.length];
        MEMORY.read(0, after, 0, after.length);
        int deviceEnd = DEVICE_GPA + (packed ? 4 : 6 + 8 * SIZE);
        System.arraycopy(after, DEVICE_GPA, before, DEVICE_GPA, deviceEnd - DEVICE_GPA);
        if (packed) {
            System.arraycopy(after, 0, before, 0, 16 * SIZE);
        }
        assertThat(Arrays.mismatch(before, after))
                .as("the first byte that is not the device's to write")
                .isNegative();
    }

    /** Rings as a good driver leaves them, of every kind. */
    private static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        for (int bits = 0; bits < 16; bits++) {
            MEMORY.write(0, new byte[2 * RING_END], 0, 2 * RING_END);
            Arena tables = new Arena(MEMORY, TABLES_GPA, RING_END);
            try (DriverQueue driver = DriverQueue.at(POSIX, MEMORY, tables, PLACE, features(bits))) {
                driver.add(List.of(Segment.readable(0x1000, 16), Segment.writable(0x2000, 512)));
                driver.add(List.of(Segment.writable(0x3000, 64)));
                if ((bits & 8) == 0) {
                    driver.addIndirect(List.of(Segment.readable(0x4000, 16), Segment.writable(0x5000, 4096)));
                }
                driver.add(List.of(Segment.readable(0x6000, 1)));
                driver.publish();
            }
            byte[] seed = new byte[HEADER + RING_END];
            seed[0] = (byte) bits;
            seed[1] = (byte) (bits * 7);
            MEMORY.read(0, seed, HEADER, RING_END);
            seeds.add(seed);
        }
        return seeds;
    }

    @Test
    void mutations() {
        Mutations.run(seeds(), 30_000, QueueFuzzTest::target);
    }

    @FuzzTest(maxDuration = "1m")
    void fuzz(byte[] input) {
        target(input);
    }
}
