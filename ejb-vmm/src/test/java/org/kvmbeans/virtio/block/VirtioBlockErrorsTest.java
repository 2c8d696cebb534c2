package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kvmbeans.virtio.block.BlockDriver.FLUSH;
import static org.kvmbeans.virtio.block.BlockDriver.IN;
import static org.kvmbeans.virtio.block.BlockDriver.IOERR;
import static org.kvmbeans.virtio.block.BlockDriver.OK;
import static org.kvmbeans.virtio.block.BlockDriver.OUT;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.virtio.testdriver.DeviceHarness;

class VirtioBlockErrorsTest {
    private static final int MIB = 1 << 20;
    private static final byte[] NOTHING = {};

    private final FakeDisk disk = FakeDisk.of(MIB);
    private final List<BlockFailure> failures = new CopyOnWriteArrayList<>();

    private BlockDriver start(ErrorPolicy policy) {
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.policy = policy;
        parts.listener = failures::add;
        return parts.start(disk);
    }

    @Test
    void errorsAreReportedToTheGuestAndToTheListener() {
        try (BlockDriver driver = start(ErrorPolicy.REPORT)) {
            disk.failure = Kind.IO_ERROR;
            assertThat(driver.request(IN, 8, NOTHING, 512).status()).isEqualTo(IOERR);
            disk.failure = Kind.NO_SPACE;
            assertThat(driver.request(OUT, 16, new byte[1024], 0).status()).isEqualTo(IOERR);
            assertThat(driver.request(FLUSH, 0, NOTHING, 0).status()).isEqualTo(IOERR);
            disk.failure = null;
            assertThat(driver.request(IN, 8, NOTHING, 512).status()).isEqualTo(OK);
            assertThat(failures)
                    .containsExactly(
                            new BlockFailure(
                                    BlockOperation.READ, 4096, 512, Kind.IO_ERROR, "fake: broken", ErrorPolicy.REPORT),
                            new BlockFailure(
                                    BlockOperation.WRITE,
                                    8192,
                                    1024,
                                    Kind.NO_SPACE,
                                    "fake: broken",
                                    ErrorPolicy.REPORT),
                            new BlockFailure(
                                    BlockOperation.FLUSH, 0, 0, Kind.NO_SPACE, "fake: broken", ErrorPolicy.REPORT));
            assertThat(driver.counters.get(0).errorsTotal()).isEqualTo(3);
            assertThat(driver.counters.get(0).bytesFromGuest()).isZero();
            assertThat(driver.operations.errors(BlockOperation.WRITE)).isEqualTo(1);
        }
    }

    @Test
    void errorsAreIgnoredWhereThePolicySaysSo() {
        try (BlockDriver driver = start(ErrorPolicy.IGNORE)) {
            disk.failure = Kind.IO_ERROR;
            assertThat(driver.request(OUT, 0, new byte[512], 0).status()).isEqualTo(OK);
            assertThat(driver.request(IN, 2048, NOTHING, 512).status()).isEqualTo(IOERR);
            assertThat(failures).hasSize(1);
            assertThat(driver.operations.errors(BlockOperation.WRITE)).isEqualTo(1);
            disk.failure = null;
        }
    }

    @Test
    void requestsThatFailedAreKeptAndCarriedOutAgain() {
        try (BlockDriver driver = start(ErrorPolicy.STOP)) {
            disk.failure = Kind.NO_SPACE;
            driver.submit(0, OUT, 0, new byte[] {1, 2, 3, 4}, 0);
            assertThat(driver.answer(0, driver.queue(0).await()).status()).isEqualTo(IOERR);
            assertThat(failures).isEmpty();

            byte[] data = new byte[512];
            Arrays.fill(data, (byte) 7);
            driver.submit(0, OUT, 0, data, 0);
            driver.submit(0, FLUSH, 0, NOTHING, 0);
            driver.harness.await("both failed", () -> failures.size() == 2);
            assertThat(failures).allMatch(failure -> failure.policy() == ErrorPolicy.STOP);
            assertThat(driver.poll(0)).isNull();
            driver.device.retryFailed();
            driver.harness.await("both failed again", () -> failures.size() == 4);
            assertThat(driver.poll(0)).isNull();
            assertThat(driver.counters.get(0).depth()).isEqualTo(2);

            disk.failure = null;
            driver.device.retryFailed();
            for (int i = 0; i < 2; i++) {
                assertThat(driver.answer(0, driver.queue(0).await()).status()).isEqualTo(OK);
            }
            assertThat(disk.contents()).startsWith(data);
            assertThat(driver.counters.get(0).depth()).isZero();
        }
    }

    @Test
    void requestsThatFailedAreForgottenAtAReset() {
        try (BlockDriver driver = start(ErrorPolicy.STOP)) {
            disk.failure = Kind.IO_ERROR;
            driver.submit(0, OUT, 0, new byte[512], 0);
            driver.harness.await("it failed", () -> !failures.isEmpty());
            driver.harness.restart();
            disk.failure = null;
            driver.device.retryFailed();
            assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(OK);
            assertThat(disk.calls).isEmpty();
            assertThat(driver.counters.get(0).depth()).isZero();
        }
    }

    @Test
    void aDiskThatCannotBeMadeDurableWhenItIsClosedSaysSo() {
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.listener = failures::add;
        VirtioBlock device = parts.device(disk);
        try (DeviceHarness harness = DeviceHarness.start(device)) {
            disk.failure = Kind.IO_ERROR;
            harness.stop();
            device.close();
            device.close();
        }
        assertThat(disk.closed).isTrue();
        assertThat(failures).hasSize(1);
        assertThat(failures.get(0).operation()).isEqualTo(BlockOperation.FLUSH);
    }
}
