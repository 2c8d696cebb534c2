package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kvmbeans.virtio.block.BlockDriver.DISCARD;
import static org.kvmbeans.virtio.block.BlockDriver.GET_ID;
import static org.kvmbeans.virtio.block.BlockDriver.IN;
import static org.kvmbeans.virtio.block.BlockDriver.IOERR;
import static org.kvmbeans.virtio.block.BlockDriver.NONE;
import static org.kvmbeans.virtio.block.BlockDriver.OK;
import static org.kvmbeans.virtio.block.BlockDriver.OUT;
import static org.kvmbeans.virtio.block.BlockDriver.SECURE_ERASE;
import static org.kvmbeans.virtio.block.BlockDriver.UNSUPP;
import static org.kvmbeans.virtio.block.BlockDriver.WRITE_ZEROES;
import static org.kvmbeans.virtio.block.BlockDriver.segment;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.virtio.testdriver.Segment;

/** What a driver must not do: each ends in a completed request or in a device that asks for a reset. */
class VirtioBlockHostileTest {
    private static final int MIB = 1 << 20;
    private static final byte[] NOTHING = {};

    private final FakeDisk disk = FakeDisk.of(MIB);
    private BlockDriver driver = BlockDriver.start(disk);

    @AfterEach
    void close() {
        driver.close();
    }

    private void restart(BlockDriver.Parts parts, DiskImage image) {
        driver.close();
        driver = parts.start(image);
    }

    /** After a request that was refused, the disk is unchanged and serves the next one. */
    private void unharmed() {
        assertThat(disk.calls).isEmpty();
        assertThat(driver.harness.resets()).isEmpty();
        assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(OK);
    }

    @ParameterizedTest
    @ValueSource(longs = {2048, 2047, 1L << 55, (1L << 55) - 1, Long.MAX_VALUE, Long.MIN_VALUE, -1, -2})
    void readsAndWritesBeyondTheEndFail(long sector) {
        assertThat(driver.request(IN, sector, NOTHING, 1024).status()).isEqualTo(IOERR);
        assertThat(driver.request(OUT, sector, new byte[1024], 0).status()).isEqualTo(IOERR);
        assertThat(driver.request(WRITE_ZEROES, 0, segment(sector, 2, 0), 0).status())
                .isEqualTo(IOERR);
        assertThat(driver.request(DISCARD, 0, segment(sector, 2, 0), 0).status())
                .isEqualTo(IOERR);
        assertThat(driver.counters.get(0).errorsTotal()).isEqualTo(4);
        unharmed();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 511, 513, 1000})
    void readsAndWritesOfPartsOfABlockFail(int length) {
        BlockDriver.Answer read = driver.request(IN, 0, NOTHING, length);
        assertThat(read.status()).isEqualTo(IOERR);
        assertThat(read.writtenBytes()).isZero();
        assertThat(driver.request(OUT, 0, new byte[length], 0).status()).isEqualTo(IOERR);
        unharmed();
    }

    @Test
    void readsAndWritesOfNothingAreDone() {
        assertThat(driver.request(IN, 0, NOTHING, 0).status()).isEqualTo(OK);
        assertThat(driver.request(OUT, 2048, NOTHING, 0).status()).isEqualTo(OK);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 10, 12, SECURE_ERASE, 0x100, -1, Integer.MIN_VALUE})
    void unknownRequestsAreUnsupported(int type) {
        assertThat(driver.request(type, 0, new byte[512], 512).status()).isEqualTo(UNSUPP);
        unharmed();
    }

    @Test
    void requestsOfFeaturesThatWereNotAcceptedAreUnsupported() {
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.without = BlockFeatures.DISCARD | BlockFeatures.WRITE_ZEROES;
        restart(parts, disk);
        disk.calls.clear();
        assertThat(driver.request(DISCARD, 0, segment(0, 8, 0), 0).status()).isEqualTo(UNSUPP);
        assertThat(driver.request(WRITE_ZEROES, 0, segment(0, 8, 0), 0).status())
                .isEqualTo(UNSUPP);
        unharmed();
    }

    @ParameterizedTest
    @CsvSource({
        // length of the table, sectors, flags, discard, write zeroes
        "0, 8, 0, 1, 1",
        "15, 8, 0, 1, 1",
        "17, 8, 0, 1, 1",
        "528, 8, 0, 1, 1",
        "16, 1048577, 0, 1, 1",
        "16, -1, 0, 1, 1",
        "16, 2049, 0, 1, 1",
        "16, 8, 1, 2, 0",
        "16, 8, 2, 2, 2",
        "16, 8, -2147483648, 2, 2"
    })
    void refusesSegmentsThatBreakTheRules(int tableBytes, int sectors, int flags, int discard, int zeroes) {
        byte[] table = new byte[tableBytes];
        for (int at = 0; at < tableBytes; at += 16) {
            System.arraycopy(segment(0, sectors, flags), 0, table, at, Math.min(16, tableBytes - at));
        }
        assertThat(driver.request(DISCARD, 0, table, 0).status()).isEqualTo(discard);
        assertThat(driver.request(WRITE_ZEROES, 0, table, 0).status()).isEqualTo(zeroes);
        if (zeroes != 0) {
            unharmed();
        }
    }

    @Test
    void aSegmentThatIsRefusedKeepsThoseBeforeFromBeingDone() {
        byte[] table = Arrays.copyOf(segment(0, 8, 0), 32);
        System.arraycopy(segment(4096, 8, 0), 0, table, 16, 16);
        assertThat(driver.request(WRITE_ZEROES, 0, table, 0).status()).isEqualTo(IOERR);
        unharmed();
    }

    @Test
    void aReadOnlyDiskIsNotWritten() {
        FakeDisk readOnly = new FakeDisk(MIB, 512, FakeDisk.Mode.READ_ONLY);
        restart(new BlockDriver.Parts(), readOnly);
        assertThat(driver.request(OUT, 0, new byte[512], 0).status()).isEqualTo(IOERR);
        assertThat(driver.request(WRITE_ZEROES, 0, segment(0, 8, 0), 0).status())
                .isEqualTo(UNSUPP);
        assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(OK);
        assertThat(readOnly.calls).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15})
    void aShortHeaderFails(int length) {
        long header = driver.harness.arena().store(new byte[16]);
        long status = driver.harness.arena().store((byte) NONE);
        assertThat(driver.raw(List.of(Segment.readable(header, length), Segment.writable(status, 1)), status))
                .isEqualTo(IOERR);
        assertThat(driver.raw(List.of(Segment.writable(status, 1)), status)).isEqualTo(IOERR);
        unharmed();
    }

    @Test
    void withoutRoomForAStatusTheDeviceAsksForAReset() {
        long header = driver.harness.arena().store(BlockDriver.header(IN, 0));
        driver.queue(0).submit(List.of(Segment.readable(header, 16)));
        assertThat(driver.harness.awaitReset()).contains("a block request without room for its status");
        assertThat(disk.calls).isEmpty();
        driver.harness.restart();
        assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(OK);
    }

    @Test
    void anIdThatDoesNotFitIsCutOff() {
        BlockDriver.Answer id = driver.request(GET_ID, 0, NOTHING, 3);
        assertThat(id.data()).containsExactly('s', 'e', 'r');
        assertThat(id.writtenBytes()).isEqualTo(4);
        BlockDriver.Answer more = driver.request(GET_ID, 0, NOTHING, 40);
        assertThat(more.status()).isEqualTo(OK);
        assertThat(more.writtenBytes()).isEqualTo(20);
    }

    @Test
    void aHeaderThatTheDataOverwritesWasReadBefore() {
        byte[] header = BlockDriver.header(IN, 0);
        long gpa = driver.harness.arena().allocate(1024, 512);
        driver.harness.memory().write(gpa, header, 0, 16);
        long status = driver.harness.arena().store((byte) NONE);
        assertThat(driver.raw(
                        List.of(Segment.readable(gpa, 16), Segment.writable(gpa, 512), Segment.writable(status, 1)),
                        status))
                .isEqualTo(OK);
        assertThat(driver.harness.arena().load(gpa, 512)).containsOnly(0);
    }
}
