package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kvmbeans.virtio.block.BlockDriver.IN;
import static org.kvmbeans.virtio.block.BlockDriver.NONE;
import static org.kvmbeans.virtio.block.BlockDriver.OK;
import static org.kvmbeans.virtio.block.BlockDriver.OUT;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.Segment;

class VirtioBlockResetTest {
    private static final byte[] NOTHING = {};
    private static final int SEED = 20260512;
    private static final int RESETS = 200;

    private final FakeDisk disk = FakeDisk.of(1 << 20);

    @Test
    void aResetWaitsForRequestsInProgressAndTouchesNothingAfterwards() {
        try (BlockDriver driver = BlockDriver.start(disk)) {
            var gate = disk.hold();
            long header = driver.harness.arena().store(BlockDriver.header(IN, 0));
            long status = driver.harness.arena().store((byte) NONE);
            driver.queue(0).submit(List.of(Segment.readable(header, 16), Segment.writable(status, 1)));
            driver.submit(0, OUT, 8, new byte[512], 0);
            Await.until("both are taken", () -> driver.counters.get(0).depth() == 2);

            CompletableFuture<Void> reset = CompletableFuture.runAsync(driver.harness::stop);
            Await.until(
                    "the reset waits",
                    () -> Thread.getAllStackTraces().values().stream()
                            .anyMatch(trace -> List.of(trace).toString().contains("BlockQueue.stop")));
            assertThat(reset).isNotDone();
            gate.countDown();
            reset.join();
            assertThat(driver.harness.memory().getByte(status)).isEqualTo((byte) NONE);
            assertThat(driver.counters.get(0).depth()).isZero();

            disk.gate = null;
            driver.harness.restart();
            assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(OK);
            assertThat(driver.harness.resets()).isEmpty();
        }
    }

    @Test
    void aDiskServesAfterAnyNumberOfResetsInTheMidstOfRequests() {
        Random random = new Random(SEED);
        BlockDriver.Parts parts = new BlockDriver.Parts();
        parts.queues = 2;
        try (BlockDriver driver = parts.start(disk)) {
            for (int i = 0; i < RESETS; i++) {
                int requests = random.nextInt(20);
                for (int r = 0; r < requests; r++) {
                    driver.submit(random.nextInt(2), random.nextInt(2), random.nextInt(64), new byte[512], 512);
                }
                LockSupport.parkNanos(random.nextInt(200_000));
                driver.harness.restart();
            }
            for (int queue = 0; queue < 2; queue++) {
                driver.submit(queue, IN, 1, NOTHING, 512);
                assertThat(driver.answer(queue, driver.queue(queue).await()).status())
                        .isEqualTo(OK);
                int index = queue;
                Await.until("nothing is left", () -> driver.counters.get(index).depth() == 0);
            }
            assertThat(driver.harness.resets()).isEmpty();
        }
    }

    @Test
    void theDriversChoiceOfCacheIsGoneAfterAReset() {
        try (BlockDriver driver = BlockDriver.start(disk)) {
            driver.device.writeConfig(32, 1, 0);
            driver.harness.restart();
            assertThat(driver.device.readConfig(32, 1)).isEqualTo(1);
        }
    }

    @Test
    void noMoreThreadsThanAllowedWaitForTheStorageAndTheyEndWithTheDisk() {
        try (BlockDriver driver = BlockDriver.start(disk)) {
            var gate = disk.hold();
            for (int i = 0; i < 60; i++) {
                driver.submit(0, IN, i, NOTHING, 512);
            }
            Await.until("all are taken", () -> driver.counters.get(0).depth() == 60);
            List<Thread> threads = new ArrayList<>(Thread.getAllStackTraces().keySet());
            threads.removeIf(thread -> !thread.getName().equals("vda-io"));
            assertThat(threads).hasSize(IoThreads.MAX_THREADS);
            gate.countDown();
            for (int i = 0; i < 60; i++) {
                driver.queue(0).await();
            }
        }
        // The harness fails where a thread is left.
    }
}
