package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.transport.TransportStatus;
import org.kvmbeans.virtio.transport.VirtioPciFunction;

/** A guest's driver, from configuration space to interrupts, over the machine's own KVM. */
class VirtioPciKvmIT {
    private static final int ROUNDS = 50;
    private static final long ENTROPY_ID = 0x1044_1AF4;
    private static final long NOTIFY_OFFSET = 0x3000;

    /** By what the device interrupts. */
    enum Interrupting {
        /** The eventfd of the vector, as vhost does: nothing of it passes through this process. */
        EVENT_FD,
        /** The transport. */
        SIGNAL
    }

    /** A device that interrupts once for each notification. */
    private static final class Echo implements VirtioDevice {
        private final Posix posix;
        private final EventLoop loop;
        private final Interrupting way;
        private final AtomicInteger kicks = new AtomicInteger();
        private final AtomicInteger stops = new AtomicInteger();
        private final AtomicInteger kickFd = new AtomicInteger(-1);

        Echo(Posix posix, EventLoop loop, Interrupting way) {
            this.posix = posix;
            this.loop = loop;
            this.way = way;
        }

        @Override
        public int type() {
            return 4;
        }

        @Override
        public long features() {
            return VirtioFeatures.VERSION_1;
        }

        @Override
        public int[] queueSizes() {
            return new int[] {8};
        }

        @Override
        public int configBytes() {
            return 0;
        }

        @Override
        public long readConfig(int offset, int size) {
            return 0;
        }

        @Override
        public void writeConfig(int offset, int size, long value) {}

        @Override
        public void start(DeviceContext context) {
            QueueSetup queue = context.queue(0);
            if (queue == null) {
                context.needsReset("no queue");
                return;
            }
            int eventFd = queue.interrupt().eventFd();
            kickFd.set(queue.kick().number());
            loop.register(queue.kick().number(), EventLoop.READABLE, events -> {
                kicks.addAndGet((int) queue.kick().take());
                if (way == Interrupting.SIGNAL || eventFd < 0) {
                    queue.interrupt().signal();
                } else {
                    posix.signalEventfd(eventFd, 1);
                }
            });
        }

        @Override
        public void stop() {
            stops.incrementAndGet();
            loop.runAndWait(() -> loop.unregister(kickFd.get()));
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @EnumSource(Interrupting.class)
    void doorbellAndInterruptStayInTheKernel(Interrupting way) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (PciTestMachine machine = new PciTestMachine("virtio", "id=" + ENTROPY_ID);
                EventLoop loop = EventLoop.start(machine.posix(), "echo", failure::set)) {
            Echo echo = new Echo(machine.posix(), loop, way);
            VirtioPciFunction function = new VirtioPciFunction("rng", echo, machine.host());
            machine.bridge().plug(7, function);

            assertThat(machine.run()).isEqualTo(TestVm.GOOD);

            long doorbell = function.config().mappedAt(0) + NOTIFY_OFFSET;
            assertThat(machine.writtenAddresses()).isNotEmpty().doesNotContain(doorbell);
            assertThat(echo.kicks.get()).isEqualTo(2 * ROUNDS + 1);
            TransportStatus status = function.status();
            assertThat(status.queues().get(0).kernelDoorbell()).isTrue();
            assertThat(status.queues().get(0).interrupts())
                    .isEqualTo(way == Interrupting.SIGNAL ? 2 * ROUNDS + 1 : ROUNDS);
            assertThat(status.msix()).isFalse();
            assertThat(status.isRunning()).isTrue();
            // The unused vector has taken nothing.
            assertThat(machine.vm().gsiRouting().allocatedCount()).isEqualTo(1);

            machine.bridge().unplug(7);
            function.close();
            assertThat(echo.stops.get()).isEqualTo(2);
            assertThat(machine.vm().gsiRouting().allocatedCount()).isZero();
            assertThat(failure.get()).isNull();
        }
    }

    @Test
    void guestFindsNoDeviceWhereNoneIs() throws Exception {
        try (PciTestMachine machine = new PciTestMachine("virtio", "id=" + ENTROPY_ID)) {
            assertThat(machine.run()).isEqualTo(2);
        }
    }
}
