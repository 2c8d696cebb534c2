package org.kvmbeans.virtio.transport;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** A device with three queues that does nothing but to write down what happens to it. */
final class FakeDevice implements VirtioDevice {
    static final long OWN_FEATURE = 1L << 5;
    static final long FEATURES = VirtioFeatures.VERSION_1 | VirtioFeatures.RING | OWN_FEATURE;

    private final List<String> events = new ArrayList<>();
    private final byte[] config = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    private @Nullable DeviceContext context;
    private @Nullable RuntimeException startFailure;
    private Runnable onStop = () -> {};

    synchronized List<String> events() {
        return List.copyOf(events);
    }

    synchronized DeviceContext context() {
        DeviceContext current = context;
        if (current == null) {
            throw new AssertionError("the device is not started");
        }
        return current;
    }

    synchronized void failToStart(RuntimeException failure) {
        startFailure = failure;
    }

    synchronized void onStop(Runnable action) {
        onStop = action;
    }

    @Override
    public int type() {
        return 2;
    }

    @Override
    public long features() {
        return FEATURES | VirtioFeatures.RING_RESET;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {256, 256, 64};
    }

    @Override
    public int configBytes() {
        return config.length;
    }

    @Override
    public synchronized long readConfig(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size && offset + i < config.length; i++) {
            value |= (config[offset + i] & 0xFFL) << (8 * i);
        }
        return value;
    }

    @Override
    public synchronized void writeConfig(int offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            config[offset + i] = (byte) (value >>> (8 * i));
        }
    }

    @Override
    public synchronized void start(DeviceContext newContext) {
        events.add("start");
        context = newContext;
        if (startFailure != null) {
            throw startFailure;
        }
    }

    @Override
    public void stop() {
        Runnable action;
        synchronized (this) {
            events.add("stop");
            action = onStop;
        }
        action.run();
    }

    @Override
    public synchronized void close() {
        events.add("close");
    }
}
