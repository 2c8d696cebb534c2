package org.kvmbeans.virtio.transport;

/**
 * What the driver sets of one queue (virtio 1.2, 4.1.4.3). Written under the lock of {@link CommonConfig}, read by any
 * thread.
 */
final class QueueRegisters {
    private final int maxSize;
    private volatile int size;
    private volatile boolean enabled;
    private volatile long descriptorGpa;
    private volatile long driverGpa;
    private volatile long deviceGpa;

    QueueRegisters(int maxSize) {
        this.maxSize = maxSize;
        this.size = maxSize;
    }

    void reset() {
        size = maxSize;
        enabled = false;
        descriptorGpa = 0;
        driverGpa = 0;
        deviceGpa = 0;
    }

    int maxSize() {
        return maxSize;
    }

    int size() {
        return size;
    }

    boolean isEnabled() {
        return enabled;
    }

    long descriptorGpa() {
        return descriptorGpa;
    }

    long driverGpa() {
        return driverGpa;
    }

    long deviceGpa() {
        return deviceGpa;
    }

    /** Sets the size; one that the device does not offer leaves it as it is. */
    void setSize(int entries) {
        if (!enabled && entries >= 1 && entries <= maxSize) {
            size = entries;
        }
    }

    /** Sets the bits of {@code mask} of an address, unless the queue is in use. */
    void setAddress(Part part, long value, long mask) {
        if (!enabled) {
            switch (part) {
                case DESCRIPTORS -> descriptorGpa = (descriptorGpa & ~mask) | (value & mask);
                case DRIVER -> driverGpa = (driverGpa & ~mask) | (value & mask);
                case DEVICE -> deviceGpa = (deviceGpa & ~mask) | (value & mask);
            }
        }
    }

    /** Enables it, unless it is to be split and its size is no power of two (2.7). */
    void enable(boolean packed) {
        if (packed || Integer.bitCount(size) == 1) {
            enabled = true;
        }
    }

    /** The three areas of a queue. */
    enum Part {
        DESCRIPTORS,
        DRIVER,
        DEVICE
    }
}
