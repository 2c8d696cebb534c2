package org.kvmbeans.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kvmbeans.virtio.block.BlockDriver.FLUSH;
import static org.kvmbeans.virtio.block.BlockDriver.IN;
import static org.kvmbeans.virtio.block.BlockDriver.OK;
import static org.kvmbeans.virtio.block.BlockDriver.OUT;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.testdriver.Await;

class VirtioBlockLimitsTest {
    private static final long SECOND = 1_000_000_000;
    private static final byte[] NOTHING = {};

    private final AtomicLong clock = new AtomicLong();
    private final FakeDisk disk = FakeDisk.of(1 << 20);
    private final BlockDriver.Parts parts = new BlockDriver.Parts();
    private BlockDriver driver = start();

    private BlockDriver start() {
        parts.limiter = new RateLimiter(clock::get);
        return parts.start(disk);
    }

    @BeforeEach
    void limitOperations() {
        driver.device.limit(new RateLimits(0, 0, 10, 2));
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private int completed() {
        int completed = 0;
        for (var used = driver.poll(0); used != null; used = driver.poll(0)) {
            assertThat(driver.answer(0, used).status()).isEqualTo(OK);
            completed++;
        }
        return completed;
    }

    private void awaitCompleted(int count) {
        int[] sum = new int[1];
        Await.until(count + " completions", () -> {
            sum[0] += completed();
            return sum[0] >= count;
        });
        assertThat(sum[0]).isEqualTo(count);
    }

    private void awaitThrottled() {
        long before = driver.counters.get(0).throttledNanos();
        Await.until("time is counted", () -> driver.counters.get(0).throttledNanos() > before);
    }

    @Test
    void requestsBeyondTheLimitWaitForTheirTime() {
        for (int i = 0; i < 5; i++) {
            driver.submit(0, IN, i, NOTHING, 512);
        }
        awaitCompleted(2);
        awaitThrottled();
        assertThat(completed()).isZero();
        clock.addAndGet(SECOND / 5);
        awaitCompleted(2);
        awaitThrottled();
        assertThat(completed()).isZero();
        clock.addAndGet(SECOND);
        awaitCompleted(1);
    }

    @Test
    void bytesAreLimitedAsWell() {
        driver.device.limit(new RateLimits(512, 1024, 0, 0));
        for (int i = 0; i < 2; i++) {
            driver.submit(0, OUT, i, new byte[4096], 0);
        }
        awaitCompleted(1);
        clock.addAndGet(5 * SECOND);
        awaitThrottled();
        assertThat(completed()).isZero();
        clock.addAndGet(2 * SECOND);
        awaitCompleted(1);
    }

    @Test
    void newLimitsReachWhatWaits() {
        driver.device.limit(new RateLimits(0, 0, 1, 1));
        for (int i = 0; i < 4; i++) {
            driver.submit(0, IN, i, NOTHING, 512);
        }
        awaitCompleted(1);
        awaitThrottled();
        driver.device.limit(RateLimits.NONE);
        awaitCompleted(3);
    }

    @Test
    void limitsChangedAtTheLimiterReachWhatWaitsToo() {
        for (int i = 0; i < 4; i++) {
            driver.submit(0, IN, i, NOTHING, 512);
        }
        awaitCompleted(2);
        awaitThrottled();
        parts.limiter.limit(RateLimits.NONE);
        awaitCompleted(2);
    }

    @Test
    void flushesAreNotLimited() {
        for (int i = 0; i < 2; i++) {
            assertThat(driver.request(IN, i, NOTHING, 512).status()).isEqualTo(OK);
        }
        for (int i = 0; i < 5; i++) {
            assertThat(driver.request(FLUSH, 0, NOTHING, 0).status()).isEqualTo(OK);
        }
    }

    @Test
    void aResetEndsTheWaiting() {
        for (int i = 0; i < 4; i++) {
            driver.submit(0, IN, i, NOTHING, 512);
        }
        awaitCompleted(2);
        driver.harness.restart();
        parts.limiter.limit(RateLimits.NONE);
        assertThat(driver.request(IN, 0, NOTHING, 512).status()).isEqualTo(OK);
        assertThat(driver.counters.get(0).depth()).isZero();
    }
}
