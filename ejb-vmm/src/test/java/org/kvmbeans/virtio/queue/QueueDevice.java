package org.kvmbeans.virtio.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** A device of any number of queues, each served by the same server on one loop. */
final class QueueDevice implements VirtioDevice {
    /** Answers with the bytes that it was given, as many as there is room for. */
    static final ServedQueue.Server ECHO = (queue, chain) -> {
        echo(queue, chain);
        return true;
    };

    private final int queueCount;
    private final ServedQueue.Server server;
    private final List<QueueCounters> counters = new ArrayList<>();
    private final List<ServedQueue> queues = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private @Nullable EventLoop loop;

    QueueDevice(int queueCount, ServedQueue.Server server) {
        this.queueCount = queueCount;
        this.server = server;
        for (int i = 0; i < queueCount; i++) {
            counters.add(new QueueCounters());
        }
    }

    static void echo(ServedQueue queue, DescriptorChain chain) {
        int length =
                (int) Math.min(chain.readable().totalBytes(), chain.writable().totalBytes());
        byte[] bytes = new byte[length];
        chain.readable().read(0, bytes, 0, length);
        chain.writable().write(0, bytes, 0, length);
        queue.complete(chain, length, chain.readable().totalBytes(), length);
    }

    QueueCounters counters(int index) {
        return counters.get(index);
    }

    ServedQueue queue(int index) {
        return queues.get(index);
    }

    EventLoop loop() {
        return Objects.requireNonNull(loop);
    }

    /** What came out of handlers and tasks of the loop: nothing should. */
    List<Throwable> failures() {
        return failures;
    }

    @Override
    public int type() {
        return 0;
    }

    @Override
    public long features() {
        return VirtioFeatures.VERSION_1 | VirtioFeatures.RING | VirtioFeatures.IN_ORDER;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[queueCount];
        java.util.Arrays.fill(sizes, 1 << 15);
        return sizes;
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
        loop = EventLoop.start(new JnaPosix(), "queue-device", failures::add);
        for (int i = 0; i < queueCount; i++) {
            queues.add(ServedQueue.open(
                    context, Objects.requireNonNull(context.queue(i)), loop(), counters.get(i), server));
        }
    }

    @Override
    public void stop() {
        queues.forEach(ServedQueue::close);
        queues.clear();
        if (loop != null) {
            loop.close();
            loop = null;
        }
    }

    @Override
    public void close() {
        stop();
    }
}
