package org.kvmbeans.bus.pci;

/**
 * A device on the bus, always function 0 of its slot.
 *
 * <p>{@link #readConfig} and {@link #writeConfig} come from vCPU threads, several at once, and answer whatever the guest
 * does without throwing. The bridge calls {@link #connect} and {@link #disconnect}.
 */
public interface PciFunction extends AutoCloseable {
    /** What errors and observers call it. */
    String name();

    /** Its configuration space. */
    PciConfigSpace config();

    /**
     * Reads configuration space.
     *
     * @param offset 0 to 4,095
     * @param size 1, 2 or 4; all inside the space
     */
    default long readConfig(int offset, int size) {
        return config().read(offset, size);
    }

    /** Writes configuration space; as {@link #readConfig}. */
    default void writeConfig(int offset, int size, long value) {
        config().write(offset, size, value);
    }

    /** It is in a slot: BARs may be decoded, interrupts have a wire. */
    default void connect(PciSlot slot) {
        config().connect(slot);
    }

    /** It is in no slot any more: nothing of it can be reached by accesses that begin from now on. */
    default void disconnect() {
        config().disconnect();
    }

    /** As after power-on: all that the guest has set is forgotten. */
    void reset();

    /** Gives back what it holds of the host; it was unplugged before, or the machine ends. */
    @Override
    void close();
}
