package org.kvmbeans.bus;

/**
 * A level-triggered interrupt wire from a device to an interrupt controller.
 *
 * <p>Callable from any thread. Devices call it while they hold their own lock, so that levels arrive in the order of the
 * state they tell: an implementation never calls back into a device and never waits for one.
 */
@FunctionalInterface
public interface InterruptLine {
    /** Sets the level of the wire. Setting the level it has already is harmless. */
    void set(boolean asserted);
}
