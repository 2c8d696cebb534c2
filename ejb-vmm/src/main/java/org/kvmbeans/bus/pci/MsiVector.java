package org.kvmbeans.bus.pci;

/**
 * One message-signalled interrupt of a function, as the machine implements it: an eventfd, and a route from there into the
 * guest. Begins masked and without a message, and takes nothing of the host before it is used.
 *
 * <p>Methods are called from any thread and none blocks; none throws for what a guest has chosen.
 */
public interface MsiVector extends AutoCloseable {
    /**
     * Sets the message, while masked or not.
     *
     * @param address what the guest wrote, 64 bits
     * @param data what the guest wrote, 32 bits
     */
    void program(long address, int data);

    /** Keeps signals back from now on: they become {@link #isPending pending}. */
    void mask();

    /** Lets signals through, and a pending one at once. */
    void unmask();

    /** Whether it was signalled while masked, and not unmasked since. */
    boolean isPending();

    /** Interrupts the guest, or becomes pending. */
    void signal();

    /**
     * An eventfd to signal instead of {@link #signal}, for the kernel; it stays the same. -1 where the host has no more, so
     * that only {@link #signal} is left.
     */
    int eventFd();

    /** Forgets message and pending signal, and is masked: as it began. */
    void reset();

    /** Gives back what it holds of the host; signals are lost from now on. */
    @Override
    void close();
}
