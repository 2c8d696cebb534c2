package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.VirtQueue;
import org.kvmbeans.virtio.queue.VirtQueueException;
import org.kvmbeans.virtio.queue.VirtQueues;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.Arena;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Mutations;
import org.kvmbeans.virtio.testdriver.Segment;

/**
 * Block requests of any content in descriptors of any shape: each is refused with a status, or is one that the disk can carry
 * out within its bounds.
 *
 * <p>Input: a byte of how the chain is cut up, a byte of how much room there is, then what the device reads.
 */
class BlockRequestFuzzTest {
    private static final int DISK_BYTES = 1 << 20;
    private static final int RING_SIZE = 64;
    private static final int MAX_READABLE = 4096;
    private static final int ROOM_UNIT = 64;
    private static final int HEADER = 2;
    private static final JnaPosix POSIX = new JnaPosix();
    private static final GuestMemory MEMORY = GuestMemory.allocate(POSIX, "block-fuzz", 1 << 20);
    private static final FakeDisk DISK = FakeDisk.of(DISK_BYTES);
    private static final BlockOptions OPTIONS =
            new BlockOptions("fuzz", "serial", 1, RING_SIZE, 512, BlockOptions.Unmap.OFFERED, ErrorPolicy.REPORT);
    private static final long FEATURES = BlockFeatures.of(OPTIONS, DISK) & ~VirtioFeatures.PACKED_RING;
    private static final RequestRules RULES = new RequestRules(OPTIONS, DISK, FEATURES);
    private static final BlockExecutor EXECUTOR = new BlockExecutor(OPTIONS, DISK, new BlockCounters(), () -> false);
    private static final BlockRequest REQUEST = new BlockRequest(POSIX);

    static void target(byte[] input) {
        int shape = input.length > 0 ? input[0] & 0xff : 0;
        int room = input.length > 1 ? (input[1] & 0xff) * ROOM_UNIT / 4 : 0;
        byte[] readable = input.length > HEADER
                ? Arrays.copyOfRange(input, HEADER, Math.min(input.length, HEADER + MAX_READABLE))
                : new byte[0];
        Arena arena = new Arena(MEMORY, 0x1000, MEMORY.sizeBytes());
        DriverQueue driver = DriverQueue.create(POSIX, MEMORY, arena, 0, RING_SIZE, FEATURES);
        try (driver) {
            List<Segment> segments = cut(arena.store(readable), readable.length, 1 + (shape & 0xf) * 7, false);
            segments.addAll(cut(arena.allocate(room + 1), room, 1 + (shape >> 4) * 61, true));
            if (segments.isEmpty() || segments.size() > DescriptorChain.MAX_DESCRIPTORS) {
                return;
            }
            driver.addIndirect(segments);
            driver.publish();
            serve(VirtQueues.open(new Context(driver.setup()), driver.setup()));
        } catch (VirtQueueException e) {
            // The device would ask for a reset.
        }
    }

    private static List<Segment> cut(long gpa, int length, int part, boolean writable) {
        int least = Math.max(part, length / (RING_SIZE / 2 - 1) + 1);
        List<Segment> segments = new ArrayList<>();
        for (int at = 0; at < length; at += least) {
            segments.add(new Segment(gpa + at, Math.min(least, length - at), writable));
        }
        return segments;
    }

    private static void serve(VirtQueue queue) {
        DescriptorChain chain = queue.pop();
        if (chain == null) {
            return;
        }
        REQUEST.parse(chain, RULES);
        if (REQUEST.status() == BlockRequest.STATUS_OK) {
            BlockOperation operation = Objects.requireNonNull(REQUEST.operation());
            boolean moves = operation == BlockOperation.READ || operation == BlockOperation.WRITE;
            assertThat(REQUEST.data().totalBytes()).isEqualTo(moves ? REQUEST.bytes() : 0);
            EXECUTOR.execute(REQUEST);
            assertThat(REQUEST.failure()).isNull();
        } else {
            assertThat(REQUEST.status()).isBetween(BlockRequest.STATUS_IOERR, BlockRequest.STATUS_UNSUPP);
        }
        long written = REQUEST.answer(REQUEST.status());
        assertThat(written).isBetween(0L, chain.writable().totalBytes());
        queue.push(chain, written);
        DISK.calls.clear();
    }

    private record Context(QueueSetup setup) implements DeviceContext {
        @Override
        public GuestMemory memory() {
            return MEMORY;
        }

        @Override
        public long features() {
            return FEATURES;
        }

        @Override
        public QueueSetup queue(int index) {
            return setup;
        }

        @Override
        public void configChanged() {}

        @Override
        public void needsReset(String why) {}
    }

    /** A request of each kind. */
    private static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        for (BlockOperation operation : BlockOperation.values()) {
            byte[] header = BlockDriver.header(operation.number(), 8);
            byte[] payload = switch (operation) {
                case WRITE -> new byte[1024];
                case DISCARD -> BlockDriver.segment(16, 8, 0);
                case WRITE_ZEROES -> BlockDriver.segment(2040, 8, 1);
                case READ, FLUSH, GET_ID -> new byte[0];
            };
            byte[] seed = new byte[HEADER + header.length + payload.length];
            seed[0] = 0x21;
            seed[1] = 0x40;
            System.arraycopy(header, 0, seed, HEADER, header.length);
            System.arraycopy(payload, 0, seed, HEADER + header.length, payload.length);
            seeds.add(seed);
        }
        return seeds;
    }

    @Test
    void mutations() {
        Mutations.run(seeds(), 20_000, BlockRequestFuzzTest::target);
    }

    @FuzzTest(maxDuration = "5m")
    void fuzz(byte[] input) {
        target(input);
    }
}
