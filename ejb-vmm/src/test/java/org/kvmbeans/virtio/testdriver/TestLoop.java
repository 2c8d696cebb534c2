package org.kvmbeans.virtio.testdriver;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.jna.JnaPosix;

/** An event loop for a device under test; {@link #close} fails where something on it threw. */
public final class TestLoop implements AutoCloseable {
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final EventLoop loop = EventLoop.start(new JnaPosix(), "test-loop", failures::add);

    public EventLoop loop() {
        return loop;
    }

    /** Returns when the loop has run what it was given. */
    public void settle() {
        loop.runAndWait(() -> {});
    }

    @Override
    public void close() {
        loop.close();
        if (!failures.isEmpty()) {
            throw new AssertionError("on the loop's thread", failures.get(0));
        }
    }
}
