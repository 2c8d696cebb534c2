package org.kvmbeans.virtio.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;

class VirtioPciFunctionTest {
    private final TransportFixture pci = TransportFixture.withoutKernel();

    @AfterEach
    void close() {
        pci.close();
    }

    private QueueSetup queue(int index) {
        return Objects.requireNonNull(pci.device.context().queue(index));
    }

    /** The offset of the first virtio capability of a type, found as a driver does. */
    private int capability(int type) {
        for (int at = (int) pci.readConfig(0x34, 1); at != 0; at = (int) pci.readConfig(at + 1, 1)) {
            if (pci.readConfig(at, 1) == 9 && pci.readConfig(at + 3, 1) == type) {
                return at;
            }
        }
        throw new AssertionError("no capability of type " + type);
    }

    @Test
    void driverFindsAModernBlockDeviceAndItsStructures() {
        assertThat(pci.readConfig(0, 4)).isEqualTo(0x1042_1AF4);
        assertThat(pci.readConfig(8, 4)).isEqualTo(0x0180_0001);
        assertThat(pci.readConfig(capability(1) + 8, 4)).isZero();
        assertThat(pci.readConfig(capability(2) + 8, 4)).isEqualTo(TransportFixture.NOTIFY);
        assertThat(pci.readConfig(capability(2) + 12, 4)).isEqualTo(12);
        assertThat(pci.readConfig(capability(2) + 16, 4)).isEqualTo(4);
        assertThat(pci.readConfig(capability(3) + 8, 4)).isEqualTo(TransportFixture.ISR);
        assertThat(pci.readConfig(capability(4) + 8, 4)).isEqualTo(TransportFixture.DEVICE);
        assertThat(pci.readConfig(capability(4) + 12, 4)).isEqualTo(12);
    }

    @Test
    void featuresAreReadByHalvesAndNothingIsBeyond() {
        pci.write(0, 4, 0);
        assertThat(pci.read(4, 4)).isEqualTo(FakeDevice.FEATURES & 0xFFFF_FFFFL);
        pci.write(0, 4, 1);
        assertThat(pci.read(4, 4)).isEqualTo(FakeDevice.FEATURES >>> 32);
        pci.write(0, 4, 2);
        assertThat(pci.read(4, 4)).isZero();
        assertThat(pci.read(0, 8)).isEqualTo(2);
    }

    @Test
    void featuresThatWereOfferedAreAccepted() {
        pci.negotiate(VirtioFeatures.VERSION_1 | FakeDevice.OWN_FEATURE);
        assertThat(pci.status()).isEqualTo(0xB);
        pci.accept(0);
        assertThat(pci.function.status().driverFeatures()).isEqualTo(VirtioFeatures.VERSION_1 | FakeDevice.OWN_FEATURE);
    }

    @Test
    void featureThatWasNeverOfferedLeavesFeaturesOkClear() {
        pci.negotiate(VirtioFeatures.VERSION_1 | 1L << 6);
        assertThat(pci.status()).isEqualTo(3);
        pci.negotiate(VirtioFeatures.VERSION_1 | VirtioFeatures.RING_RESET);
        assertThat(pci.status()).isEqualTo(3);
    }

    @Test
    void driverOfOldDevicesIsRefused() {
        pci.negotiate(FakeDevice.OWN_FEATURE);
        assertThat(pci.status()).isEqualTo(3);
        pci.setStatus(0xF);
        assertThat(pci.status()).isEqualTo(3);
        assertThat(pci.device.events()).isEmpty();
    }

    @Test
    void featureBeyondAllThatExistIsRefused() {
        pci.setStatus(3);
        pci.accept(VirtioFeatures.VERSION_1);
        pci.write(TransportFixture.DRIVER_FEATURE_SELECT, 4, 7);
        pci.write(TransportFixture.DRIVER_FEATURE, 4, 1);
        pci.setStatus(0xB);
        assertThat(pci.status()).isEqualTo(3);
        pci.negotiate(VirtioFeatures.VERSION_1);
        assertThat(pci.status()).isEqualTo(0xB);
    }

    @Test
    void queueTakesASizeUpToItsLargestAndKeepsTheRest() {
        pci.negotiate(VirtioFeatures.VERSION_1);
        pci.write(TransportFixture.QUEUE_SELECT, 2, 2);
        assertThat(pci.read(TransportFixture.QUEUE_SIZE, 2)).isEqualTo(64);
        for (int bad : new int[] {0, 65, 0xFFFF}) {
            pci.write(TransportFixture.QUEUE_SIZE, 2, bad);
            assertThat(pci.read(TransportFixture.QUEUE_SIZE, 2)).isEqualTo(64);
        }
        pci.write(TransportFixture.QUEUE_SIZE, 2, 24);
        pci.write(TransportFixture.QUEUE_ENABLE, 2, 1);
        assertThat(pci.read(TransportFixture.QUEUE_ENABLE, 2)).isZero();
        pci.write(TransportFixture.QUEUE_SIZE, 2, 16);
        pci.write(TransportFixture.QUEUE_ENABLE, 2, 1);
        assertThat(pci.read(TransportFixture.QUEUE_ENABLE, 2)).isEqualTo(1);
    }

    @Test
    void packedQueueMayHaveAnySize() {
        pci.negotiate(VirtioFeatures.VERSION_1 | VirtioFeatures.PACKED_RING);
        pci.write(TransportFixture.QUEUE_SIZE, 2, 24);
        pci.enableQueue(0);
        assertThat(pci.read(TransportFixture.QUEUE_ENABLE, 2)).isEqualTo(1);
    }

    @Test
    void enabledQueueKeepsWhatItHas() {
        pci.negotiate(VirtioFeatures.VERSION_1);
        pci.enableQueue(1);
        pci.write(TransportFixture.QUEUE_SIZE, 2, 8);
        pci.write(TransportFixture.QUEUE_DESCRIPTORS, 8, 0x1234_5678_9ABCL);
        pci.write(TransportFixture.QUEUE_ENABLE, 2, 0);
        assertThat(pci.read(TransportFixture.QUEUE_SIZE, 2)).isEqualTo(256);
        assertThat(pci.read(TransportFixture.QUEUE_DESCRIPTORS, 8)).isEqualTo(0x2000);
        assertThat(pci.read(TransportFixture.QUEUE_ENABLE, 2)).isEqualTo(1);
    }

    @Test
    void queueThatIsNotThereReadsAsNone() {
        pci.write(TransportFixture.QUEUE_SELECT, 2, 3);
        assertThat(pci.read(TransportFixture.QUEUE_SIZE, 2)).isZero();
        assertThat(pci.read(TransportFixture.QUEUE_VECTOR, 2)).isEqualTo(TransportStatus.NO_VECTOR);
        pci.write(TransportFixture.QUEUE_VECTOR, 2, 0);
        pci.write(TransportFixture.QUEUE_ENABLE, 2, 1);
        assertThat(pci.read(TransportFixture.QUEUE_ENABLE, 2)).isZero();
        assertThat(pci.read(0x12, 2)).isEqualTo(3);
    }

    @Test
    void driverOkStartsTheDeviceWithTheQueuesThatWereEnabled() {
        pci.start();
        assertThat(pci.device.events()).containsExactly("start");
        assertThat(pci.device.context().features()).isEqualTo(VirtioFeatures.VERSION_1);
        assertThat(queue(1).descriptorGpa()).isEqualTo(0x2000);
        assertThat(pci.device.context().queue(2)).isNull();
        assertThat(pci.device.context().queue(3)).isNull();
        assertThat(pci.function.status().isRunning()).isTrue();
        pci.setStatus(0xF);
        assertThat(pci.device.events()).containsExactly("start");
    }

    @Test
    void writtenDoorbellSignalsItsQueueAlone() {
        pci.start();
        pci.write(TransportFixture.NOTIFY + 4, 2, 1);
        assertThat(queue(0).kick().take()).isZero();
        assertThat(queue(1).kick().take()).isEqualTo(1);
        pci.write(TransportFixture.NOTIFY + 8, 2, 2);
        assertThat(pci.function.status().queues().get(1).kernelDoorbell()).isFalse();
    }

    @Test
    void resetReturnsWhenTheDeviceIsStill() throws Exception {
        pci.start();
        CountDownLatch stopping = new CountDownLatch(1);
        CountDownLatch mayStop = new CountDownLatch(1);
        pci.device.onStop(() -> {
            stopping.countDown();
            awaitQuietly(mayStop);
        });
        Thread driver = new Thread(() -> pci.setStatus(0));
        driver.start();
        assertThat(stopping.await(10, TimeUnit.SECONDS)).isTrue();
        // The device's own threads report meanwhile, and the status can be read.
        pci.device.context().needsReset("too late");
        assertThat(pci.status()).isEqualTo(0xF);
        mayStop.countDown();
        driver.join(10_000);
        assertThat(pci.status()).isZero();
        assertThat(pci.device.events()).containsExactly("start", "stop");
        assertThat(pci.function.status().resetRequests()).isZero();
        pci.write(TransportFixture.QUEUE_SELECT, 2, 0);
        assertThat(pci.read(TransportFixture.QUEUE_ENABLE, 2)).isZero();
        pci.write(TransportFixture.NOTIFY, 2, 0);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void deviceCanBeStartedAgainAfterAReset() {
        pci.start();
        pci.start();
        assertThat(pci.device.events()).containsExactly("start", "stop", "start");
    }

    @Test
    void deviceThatNeedsAResetSaysSoToTheDriverOnce() {
        pci.enableMsix();
        pci.write(TransportFixture.CONFIG_VECTOR, 2, 3);
        pci.negotiate(VirtioFeatures.VERSION_1);
        pci.write(TransportFixture.CONFIG_VECTOR, 2, 3);
        pci.setStatus(0xF);
        pci.device.context().needsReset("a loop of descriptors");
        pci.device.context().needsReset("another");
        assertThat(pci.status()).isEqualTo(0x4F);
        assertThat(pci.msi.delivered()).containsExactly("fee00000/43");
        assertThat(pci.function.status().resetReason()).isEqualTo("a loop of descriptors");
        assertThat(pci.function.status().isRunning()).isFalse();
        pci.setStatus(0);
        assertThat(pci.status()).isZero();
        assertThat(pci.function.status().resetReason()).isEqualTo("a loop of descriptors");
    }

    @Test
    void deviceThatCannotStartNeedsAReset() {
        pci.device.failToStart(new IllegalStateException("no room"));
        pci.start();
        assertThat(pci.status()).isEqualTo(0x4F);
        assertThat(pci.function.status().resetReason()).contains("no room");
    }

    @Test
    void queueInterruptsByItsVectorAndConfigurationByAnother() {
        pci.enableMsix();
        pci.negotiate(VirtioFeatures.VERSION_1);
        pci.write(TransportFixture.CONFIG_VECTOR, 2, 0);
        pci.enableQueue(1);
        pci.write(TransportFixture.QUEUE_VECTOR, 2, 2);
        assertThat(pci.read(TransportFixture.QUEUE_VECTOR, 2)).isEqualTo(2);
        pci.setStatus(0xF);
        long generation = pci.read(TransportFixture.GENERATION, 1);
        queue(1).interrupt().signal();
        pci.device.context().configChanged();
        assertThat(pci.msi.delivered()).containsExactly("fee00000/42", "fee00000/40");
        assertThat(pci.read(TransportFixture.GENERATION, 1)).isEqualTo(generation + 1);
        assertThat(pci.function.status().queues().get(1).interrupts()).isEqualTo(1);
        assertThat(pci.function.status().configInterrupts()).isEqualTo(1);
        assertThat(pci.read(TransportFixture.ISR, 1)).isZero();
    }

    @Test
    void vectorThatTheTableLacksBecomesNone() {
        for (int register : new int[] {TransportFixture.CONFIG_VECTOR, TransportFixture.QUEUE_VECTOR}) {
            pci.write(register, 2, 3);
            assertThat(pci.read(register, 2)).isEqualTo(3);
            pci.write(register, 2, 4);
            assertThat(pci.read(register, 2)).isEqualTo(TransportStatus.NO_VECTOR);
        }
    }

    @Test
    void withoutMessagesThePinTellsAndReadingTheCausesLowersIt() {
        pci.start();
        pci.pin.clear();
        queue(0).interrupt().signal();
        assertThat(pci.read(TransportFixture.ISR, 1)).isEqualTo(1);
        assertThat(pci.read(TransportFixture.ISR, 1)).isZero();
        pci.device.context().configChanged();
        queue(1).interrupt().signal();
        assertThat(pci.read(TransportFixture.ISR, 4)).isEqualTo(3);
        assertThat(pci.pin).containsExactly(true, false, true, false);
        assertThat(queue(0).interrupt().eventFd()).isEqualTo(-1);
        queue(0).interrupt().signal();
        pci.setStatus(0);
        assertThat(pci.pin).endsWith(true, false);
    }

    @Test
    void deviceConfigurationIsReadAndWrittenThroughTheBar() {
        assertThat(pci.read(TransportFixture.DEVICE + 4, 4)).isEqualTo(0x0807_0605);
        assertThat(pci.read(TransportFixture.DEVICE + 8, 8)).isEqualTo(0x0C0B_0A09);
        assertThat(pci.read(TransportFixture.DEVICE + 100, 8)).isZero();
        pci.write(TransportFixture.DEVICE + 11, 1, 0x77);
        pci.write(TransportFixture.DEVICE + 11, 2, 0x6666);
        pci.write(TransportFixture.DEVICE + 4000, 8, -1);
        assertThat(pci.read(TransportFixture.DEVICE + 11, 1)).isEqualTo(0x77);
    }

    @Test
    void driverWithoutMemoryAccessReachesTheBarThroughConfigurationSpace() {
        int at = capability(5);
        pci.writeConfig(at + 8, 4, TransportFixture.STATUS);
        pci.writeConfig(at + 12, 4, 1);
        pci.writeConfig(at + 16, 4, 3);
        assertThat(pci.status()).isEqualTo(3);
        pci.writeConfig(at + 8, 4, TransportFixture.DEVICE + 4);
        pci.writeConfig(at + 12, 4, 4);
        assertThat(pci.readConfig(at + 16, 4)).isEqualTo(0x0807_0605);
        for (long[] bad : new long[][] {{1, 2}, {0, 8}, {0x7FFF_FFFE, 2}, {0xFFFF_FFFCL, 4}, {0, 0}}) {
            pci.writeConfig(at + 8, 4, bad[0]);
            pci.writeConfig(at + 12, 4, bad[1]);
            pci.writeConfig(at + 16, 4, 0);
            assertThat(pci.status()).isEqualTo(3);
        }
    }

    @Test
    void closeStopsAndClosesTheDeviceAndItsVectorsOnce() {
        pci.start();
        pci.function.close();
        pci.function.close();
        pci.start();
        assertThat(pci.device.events()).containsExactly("start", "stop", "close");
        assertThat(pci.msi.closed()).isEqualTo(4);
    }

    @Test
    void functionResetIsAsAfterPowerOn() {
        pci.enableMsix();
        pci.start();
        pci.function.reset();
        assertThat(pci.device.events()).containsExactly("start", "stop");
        assertThat(pci.function.status().msix()).isFalse();
        assertThat(pci.bar0()).isEqualTo(-1);
        assertThat(pci.readConfig(0x10, 4)).isZero();
    }
}
