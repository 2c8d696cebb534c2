package org.kvmbeans.bus.pci;

/** Where functions get their message-signalled interrupts from. */
@FunctionalInterface
public interface MsiRouter {
    /**
     * Makes a vector; the caller closes it.
     *
     * @param name what errors call it
     */
    MsiVector create(String name);
}
