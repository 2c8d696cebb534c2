package org.kvmbeans.bus.pci;

import java.util.ArrayList;
import java.util.List;

/** Message-signalled interrupts that are written down: each delivered one as {@code address/data}, in hexadecimal. */
public final class RecordingMsi implements MsiRouter {
    private final List<Vector> vectors = new ArrayList<>();
    private final List<String> delivered = new ArrayList<>();

    @Override
    public MsiVector create(String name) {
        Vector vector = new Vector();
        vectors.add(vector);
        return vector;
    }

    /** What reached the guest, in order. */
    public synchronized List<String> delivered() {
        return List.copyOf(delivered);
    }

    /** How many vectors were closed. */
    public long closed() {
        return vectors.stream().filter(vector -> vector.closed).count();
    }

    private synchronized void deliver(String message) {
        delivered.add(message);
    }

    private final class Vector implements MsiVector {
        private String message = "";
        private boolean unmasked;
        private boolean pending;
        private boolean closed;

        @Override
        public synchronized void program(long address, int data) {
            message = "%x/%x".formatted(address, data);
        }

        @Override
        public synchronized void mask() {
            unmasked = false;
        }

        @Override
        public synchronized void unmask() {
            unmasked = true;
            if (pending) {
                pending = false;
                deliver(message);
            }
        }

        @Override
        public synchronized boolean isPending() {
            return pending;
        }

        @Override
        public synchronized void signal() {
            if (unmasked) {
                deliver(message);
            } else {
                pending = true;
            }
        }

        @Override
        public int eventFd() {
            return -1;
        }

        @Override
        public synchronized void reset() {
            unmasked = false;
            pending = false;
            message = "";
        }

        @Override
        public synchronized void close() {
            closed = true;
        }
    }
}
