package org.kvmbeans.virtio.transport;

import java.util.Arrays;
import org.kvmbeans.bus.BusDevice;

/**
 * The common configuration structure (virtio 1.2, 4.1.4.3): registers by offset, over a {@link DeviceControl} that knows
 * what they do.
 *
 * <p>A driver must use the width of each field, and halves of the 64-bit ones; writes of another width are lost, reads of
 * another width give the bytes that are there. Reads take no lock, so they do not wait for a reset that is under way.
 */
final class CommonConfig implements BusDevice {
    /** Bytes of the structure. */
    static final int BYTES = 0x40;

    private static final int DEVICE_FEATURE_SELECT = 0x00;
    private static final int DEVICE_FEATURE = 0x04;
    private static final int DRIVER_FEATURE_SELECT = 0x08;
    private static final int DRIVER_FEATURE = 0x0C;
    private static final int CONFIG_VECTOR = 0x10;
    private static final int QUEUE_COUNT = 0x12;
    private static final int DEVICE_STATUS = 0x14;
    private static final int CONFIG_GENERATION = 0x15;
    private static final int QUEUE_SELECT = 0x16;
    private static final int QUEUE_SIZE = 0x18;
    private static final int QUEUE_VECTOR = 0x1A;
    private static final int QUEUE_ENABLE = 0x1C;
    private static final int QUEUE_NOTIFY_OFFSET = 0x1E;
    private static final int QUEUE_DESCRIPTORS = 0x20;
    private static final int QUEUE_DRIVER = 0x28;
    private static final int QUEUE_DEVICE = 0x30;
    private static final int QUEUE_NOTIFY_DATA = 0x38;
    private static final int QUEUE_RESET = 0x3A;
    private static final int END = 0x3C;

    private static final int[] FIELDS = {
        DEVICE_FEATURE_SELECT,
        DEVICE_FEATURE,
        DRIVER_FEATURE_SELECT,
        DRIVER_FEATURE,
        CONFIG_VECTOR,
        QUEUE_COUNT,
        DEVICE_STATUS,
        CONFIG_GENERATION,
        QUEUE_SELECT,
        QUEUE_SIZE,
        QUEUE_VECTOR,
        QUEUE_ENABLE,
        QUEUE_NOTIFY_OFFSET,
        QUEUE_DESCRIPTORS,
        QUEUE_DRIVER,
        QUEUE_DEVICE,
        QUEUE_NOTIFY_DATA,
        QUEUE_RESET,
        END
    };

    private static final long LOW_HALF = 0xFFFF_FFFFL;

    private final DeviceControl control;
    private volatile int deviceFeatureSelect;
    private volatile int driverFeatureSelect;
    private volatile int queueSelect;

    CommonConfig(DeviceControl control) {
        this.control = control;
    }

    /** Forgets what was selected. */
    void reset() {
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
    }

    @Override
    public long read(long offset, int size) {
        long value = 0;
        int at = (int) offset;
        int end = at + size;
        for (int field = fieldAt(at); FIELDS[field] < end && FIELDS[field] != END; field++) {
            int shift = Byte.SIZE * (FIELDS[field] - at);
            long content = get(FIELDS[field]);
            value |= shift >= 0 ? content << shift : content >>> -shift;
        }
        return size == Long.BYTES ? value : value & ((1L << (Byte.SIZE * size)) - 1);
    }

    private static int fieldAt(int offset) {
        int found = Arrays.binarySearch(FIELDS, offset);
        return found >= 0 ? found : -found - 2;
    }

    private long get(int field) {
        QueueRegisters queue = control.queue(queueSelect);
        return switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect & LOW_HALF;
            case DEVICE_FEATURE -> half(control.offeredFeatures(), deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect & LOW_HALF;
            case DRIVER_FEATURE -> half(control.driverFeatures(), driverFeatureSelect);
            case CONFIG_VECTOR -> control.configVector();
            case QUEUE_COUNT -> control.queueCount();
            case DEVICE_STATUS -> control.status();
            case CONFIG_GENERATION -> control.configGeneration();
            case QUEUE_SELECT -> queueSelect;
            case QUEUE_SIZE -> queue == null ? 0 : queue.size();
            case QUEUE_VECTOR -> queue == null ? TransportStatus.NO_VECTOR : control.queueVector(queueSelect);
            case QUEUE_ENABLE -> queue != null && queue.isEnabled() ? 1 : 0;
            // Each queue has a notification register of its own, which the multiplier makes four bytes.
            case QUEUE_NOTIFY_OFFSET, QUEUE_NOTIFY_DATA -> queue == null ? 0 : queueSelect;
            case QUEUE_DESCRIPTORS -> queue == null ? 0 : queue.descriptorGpa();
            case QUEUE_DRIVER -> queue == null ? 0 : queue.driverGpa();
            case QUEUE_DEVICE -> queue == null ? 0 : queue.deviceGpa();
            default -> 0;
        };
    }

    private static long half(long features, int select) {
        return switch (select) {
            case 0 -> features & LOW_HALF;
            case 1 -> features >>> Integer.SIZE;
            default -> 0;
        };
    }

    @Override
    public void write(long offset, int size, long value) {
        int at = (int) offset;
        switch (size) {
            case 1 -> {
                if (at == DEVICE_STATUS) {
                    control.writeStatus((int) value);
                }
            }
            case 2 -> writeShort(at, (int) value);
            case 4 -> writeInt(at, (int) value);
            default -> writeAddress(at, value, -1L);
        }
    }

    private void writeShort(int field, int value) {
        switch (field) {
            case CONFIG_VECTOR -> control.setConfigVector(value);
            case QUEUE_SELECT -> queueSelect = value;
            case QUEUE_SIZE -> control.setQueueSize(queueSelect, value);
            case QUEUE_VECTOR -> control.setQueueVector(queueSelect, value);
            case QUEUE_ENABLE -> {
                if (value == 1) {
                    control.enableQueue(queueSelect);
                }
            }
            default -> {} // read-only, or a queue reset, which is not offered
        }
    }

    private void writeInt(int field, int value) {
        switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case DRIVER_FEATURE -> control.acceptFeatures(driverFeatureSelect, value);
            case QUEUE_DESCRIPTORS, QUEUE_DRIVER, QUEUE_DEVICE -> writeAddress(field, value & LOW_HALF, LOW_HALF);
            case QUEUE_DESCRIPTORS + Integer.BYTES, QUEUE_DRIVER + Integer.BYTES, QUEUE_DEVICE + Integer.BYTES ->
                writeAddress(field - Integer.BYTES, (long) value << Integer.SIZE, ~LOW_HALF);
            default -> {} // read-only
        }
    }

    private void writeAddress(int field, long value, long mask) {
        switch (field) {
            case QUEUE_DESCRIPTORS ->
                control.setQueueAddress(queueSelect, QueueRegisters.Part.DESCRIPTORS, value, mask);
            case QUEUE_DRIVER -> control.setQueueAddress(queueSelect, QueueRegisters.Part.DRIVER, value, mask);
            case QUEUE_DEVICE -> control.setQueueAddress(queueSelect, QueueRegisters.Part.DEVICE, value, mask);
            default -> {} // eight bytes of something else
        }
    }
}
