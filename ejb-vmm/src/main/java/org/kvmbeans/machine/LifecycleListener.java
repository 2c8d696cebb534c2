package org.kvmbeans.machine;

/** Hears of changes in the order in which they happen, on the thread that makes them; it must not block. */
@FunctionalInterface
public interface LifecycleListener {
    /** Called after the change; the machine's state may be read, and no operation be called. */
    void changed(LifecycleChange change);
}
