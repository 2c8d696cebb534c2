package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kvmbeans.virtio.block.BlockDriver.DISCARD;
import static org.kvmbeans.virtio.block.BlockDriver.FLUSH;
import static org.kvmbeans.virtio.block.BlockDriver.GET_ID;
import static org.kvmbeans.virtio.block.BlockDriver.IN;
import static org.kvmbeans.virtio.block.BlockDriver.OK;
import static org.kvmbeans.virtio.block.BlockDriver.OUT;
import static org.kvmbeans.virtio.block.BlockDriver.WRITE_ZEROES;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.virtio.block.BlockDriver.Answer;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.Segment;

class VirtioBlockTest {
    private static final int MIB = 1 << 20;
    private static final byte[] NOTHING = {};

    private static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + seed);
        }
        return bytes;
    }

    private static BlockDriver.Parts parts(boolean packed) {
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.packed = packed;
        return parts;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyRequestIsServed(boolean packed) {
        FakeDisk disk = FakeDisk.of(MIB);
        try (BlockDriver driver = parts(packed).start(disk)) {
            byte[] data = pattern(8192, 3);
            Answer write = driver.request(OUT, 8, data, 0);
            assertThat(write.status()).isEqualTo(OK);
            assertThat(write.writtenBytes()).isEqualTo(1);
            assertThat(Arrays.copyOfRange(disk.contents(), 4096, 12288)).isEqualTo(data);
            Answer read = driver.request(IN, 8, NOTHING, 8192);
            assertThat(read.status()).isEqualTo(OK);
            assertThat(read.data()).isEqualTo(data);
            assertThat(read.writtenBytes()).isEqualTo(8193);
            assertThat(driver.request(FLUSH, 0, NOTHING, 0).status()).isEqualTo(OK);
            Answer id = driver.request(GET_ID, 0, NOTHING, 20);
            assertThat(new String(id.data(), StandardCharsets.UTF_8)).isEqualTo("serial-1" + "\0".repeat(12));
            assertThat(driver.request(DISCARD, 0, BlockDriver.segment(8, 8, 0), 0)
                            .status())
                    .isEqualTo(OK);
            assertThat(driver.request(WRITE_ZEROES, 0, BlockDriver.segment(8, 1, 1), 0)
                            .status())
                    .isEqualTo(OK);
            byte[] two = Arrays.copyOf(BlockDriver.segment(9, 1, 0), 32);
            System.arraycopy(BlockDriver.segment(12, 2, 1), 0, two, 16, 16);
            assertThat(driver.request(WRITE_ZEROES, 0, two, 0).status()).isEqualTo(OK);
            assertThat(disk.calls)
                    .containsExactly(
                            "write",
                            "flush",
                            "discard 4096 4096",
                            "zero 4096 512 unmap",
                            "zero 4608 512 keep",
                            "zero 6144 1024 unmap");
            assertThat(driver.harness.resets()).isEmpty();
            assertThat(driver.counters.get(0).requestsTotal()).isEqualTo(7);
            assertThat(driver.counters.get(0).depth()).isZero();
            assertThat(driver.counters.get(0).errorsTotal()).isZero();
            assertThat(driver.counters.get(0).bytesFromGuest()).isEqualTo(8192);
            assertThat(driver.counters.get(0).bytesToGuest()).isEqualTo(8192 + 20);
            assertThat(driver.operations.operations(BlockOperation.WRITE_ZEROES))
                    .isEqualTo(2);
            assertThat(driver.operations.bytes(BlockOperation.DISCARD)).isEqualTo(4096);
            assertThat(driver.operations.latency(BlockOperation.READ).count()).isEqualTo(1);
        }
        assertThat(disk.closed).isTrue();
        assertThat(disk.calls).last().isEqualTo("flush");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 15, 16, 17, 700})
    void headerDataAndStatusMayBeSplitAnywhere(int part) {
        FakeDisk disk = FakeDisk.of(MIB);
        try (BlockDriver driver = BlockDriver.start(disk)) {
            byte[] data = pattern(part < 15 ? 512 : 4096, 9);
            byte[] whole = Arrays.copyOf(BlockDriver.header(OUT, 2), 16 + data.length);
            System.arraycopy(data, 0, whole, 16, data.length);
            long gpa = driver.harness.arena().store(whole);
            long target = driver.harness.arena().allocate(data.length + 1);
            List<Segment> write = split(gpa, whole.length, part, false);
            write.add(Segment.writable(target, 1));
            driver.queue(0).addIndirect(write);
            driver.queue(0).publish();
            driver.queue(0).kick();
            driver.queue(0).await();
            assertThat(driver.harness.memory().getByte(target)).isZero();

            long header = driver.harness.arena().store(BlockDriver.header(IN, 2));
            List<Segment> read = split(header, 16, part, false);
            read.addAll(split(target, data.length + 1, part, true));
            driver.queue(0).addIndirect(read);
            driver.queue(0).publish();
            driver.queue(0).kick();
            assertThat(driver.queue(0).await().writtenBytes()).isEqualTo(data.length + 1);
            assertThat(driver.harness.arena().load(target, data.length)).isEqualTo(data);
            assertThat(driver.harness.memory().getByte(target + data.length)).isZero();
        }
    }

    private static List<Segment> split(long gpa, int length, int part, boolean writable) {
        List<Segment> segments = new ArrayList<>();
        for (int at = 0; at < length; at += part) {
            segments.add(new Segment(gpa + at, Math.min(part, length - at), writable));
        }
        return segments;
    }

    @Test
    void theConfigurationSaysWhatTheDiskIs() throws IOException {
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.queues = 3;
        try (BlockDriver driver = parts.start(FakeDisk.of(MIB))) {
            VirtioBlock device = driver.device;
            assertThat(device.type()).isEqualTo(2);
            assertThat(device.features())
                    .isEqualTo(VirtioFeatures.VERSION_1
                            | VirtioFeatures.RING
                            | 1 << 2
                            | 1 << 6
                            | 1 << 9
                            | 1 << 10
                            | 1 << 11
                            | 1 << 12
                            | 1 << 13
                            | 1 << 14);
            assertThat(device.queueSizes()).containsExactly(256, 256, 256);
            assertThat(device.readConfig(0, 8)).isEqualTo(2048);
            assertThat(device.readConfig(0, 4)).isEqualTo(2048);
            assertThat(device.readConfig(4, 4)).isZero();
            assertThat(device.readConfig(8, 4)).isZero();
            assertThat(device.readConfig(12, 4)).isEqualTo(254);
            assertThat(device.readConfig(20, 4)).isEqualTo(512);
            assertThat(device.readConfig(24, 1)).isEqualTo(3);
            assertThat(device.readConfig(26, 2)).isEqualTo(8);
            assertThat(device.readConfig(28, 4)).isEqualTo(128);
            assertThat(device.readConfig(32, 1)).isEqualTo(1);
            assertThat(device.readConfig(34, 2)).isEqualTo(3);
            assertThat(device.readConfig(36, 4)).isEqualTo(MIB);
            assertThat(device.readConfig(40, 4)).isEqualTo(32);
            assertThat(device.readConfig(44, 4)).isEqualTo(8);
            assertThat(device.readConfig(48, 4)).isEqualTo(MIB);
            assertThat(device.readConfig(52, 4)).isEqualTo(32);
            assertThat(device.readConfig(56, 4)).isEqualTo(1);
            assertThat(device.readConfig(device.configBytes() - 2, 8)).isZero();
            assertThat(device.readConfig(1000, 8)).isZero();

            device.resize(2 * MIB);
            driver.harness.awaitConfigChanges(1);
            assertThat(device.readConfig(0, 8)).isEqualTo(4096);
            assertThat(driver.request(IN, 4095, NOTHING, 512).status()).isEqualTo(OK);
            assertThatThrownBy(() -> device.resize(1000)).hasMessageContaining("multiple of 512");
        }
    }

    @Test
    void aReadOnlyDiskOffersNothingThatWrites() {
        VirtioBlock device = new BlockDriver.Parts().device(new FakeDisk(MIB, 512, FakeDisk.Mode.READ_ONLY));
        assertThat(device.features() & (1 << 5)).isNotZero();
        assertThat(device.features() & (1 << 11 | 1 << 13 | 1 << 14)).isZero();
        assertThat(device.readConfig(36, 4)).isZero();
        assertThat(device.readConfig(48, 4)).isZero();
        device.close();
    }

    @Test
    void aDiskOfLargerBlocksThanItsStorageTakesWholeOnes() {
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.blockBytes = 4096;
        try (BlockDriver driver = parts.start(FakeDisk.of(MIB + 512))) {
            assertThat(driver.device.readConfig(0, 8)).isEqualTo(2048);
            assertThat(driver.device.readConfig(20, 4)).isEqualTo(4096);
            assertThat(driver.device.readConfig(24, 1)).isZero();
            assertThat(driver.request(IN, 8, NOTHING, 4096).status()).isEqualTo(OK);
            assertThat(driver.request(IN, 1, NOTHING, 4096).status()).isEqualTo(BlockDriver.IOERR);
            assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(BlockDriver.IOERR);
            assertThat(driver.request(IN, 2048, NOTHING, 4096).status()).isEqualTo(BlockDriver.IOERR);
        }
    }

    @Test
    void refusesBlocksSmallerThanThoseOfTheStorage() {
        assertThatThrownBy(() -> new BlockDriver.Parts().device(new FakeDisk(MIB, 4096, FakeDisk.Mode.READ_WRITE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("blockBytes is 512, but the storage has blocks of 4096");
    }

    @Test
    void writesAreDurableAtOnceWhereTheDriverChoseWriteThrough() {
        FakeDisk disk = FakeDisk.of(MIB);
        try (BlockDriver driver = BlockDriver.start(disk)) {
            driver.request(OUT, 0, new byte[512], 0);
            driver.device.writeConfig(32, 1, 0);
            assertThat(driver.device.readConfig(32, 1)).isZero();
            driver.request(OUT, 0, new byte[512], 0);
            driver.request(WRITE_ZEROES, 0, BlockDriver.segment(0, 1, 0), 0);
            driver.device.writeConfig(30, 4, 0xff_0000);
            assertThat(driver.device.readConfig(32, 1)).isEqualTo(1);
            driver.request(OUT, 0, new byte[512], 0);
            driver.device.writeConfig(0, 8, 0);
            assertThat(driver.device.readConfig(0, 8)).isEqualTo(2048);
            assertThat(disk.calls).containsExactly("write", "write", "flush", "zero 0 512 keep", "flush", "write");
        }
    }

    @Test
    void writesAreDurableAtOnceForADriverThatKnowsNoFlush() {
        FakeDisk disk = FakeDisk.of(MIB);
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.without = BlockFeatures.FLUSH | BlockFeatures.CONFIG_WCE;
        try (BlockDriver driver = parts.start(disk)) {
            driver.request(OUT, 0, new byte[512], 0);
            assertThat(disk.calls).containsExactly("write", "flush");
        }
    }

    @Test
    void manyRequestsAreServedOutOfOrderAndAllAtATime() {
        FakeDisk disk = FakeDisk.of(MIB);
        try (BlockDriver driver = BlockDriver.start(disk)) {
            var gate = disk.hold();
            for (int i = 0; i < 40; i++) {
                driver.submit(0, IN, i, NOTHING, 512);
            }
            driver.harness.await(
                    "the requests are in progress", () -> driver.counters.get(0).depth() == 40);
            assertThat(driver.poll(0)).isNull();
            gate.countDown();
            for (int i = 0; i < 40; i++) {
                assertThat(driver.answer(0, driver.queue(0).await()).status()).isEqualTo(OK);
            }
            assertThat(driver.counters.get(0).depth()).isZero();
        }
    }
}
