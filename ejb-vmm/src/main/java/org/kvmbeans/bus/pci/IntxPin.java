package org.kvmbeans.bus.pci;

import org.kvmbeans.bus.InterruptLine;

/**
 * The interrupt pin INTA of a function: asserted while the device wants attention, the command register does not disable
 * it and MSI-X is off (PCI Express Base 6.0, 7.5.1.1.3 and 6.1.4.3). May be used from any thread.
 */
public final class IntxPin implements InterruptLine {
    private static final InterruptLine NOWHERE = asserted -> {};

    private InterruptLine line = NOWHERE;
    private boolean pending;
    private boolean disabled;
    private boolean replaced;
    private boolean level;

    /** Whether the device wants attention. */
    @Override
    public synchronized void set(boolean asserted) {
        pending = asserted;
        update();
    }

    /** The interrupt bit of the status register, which the disable bit does not hide. */
    synchronized boolean isPending() {
        return pending && !replaced;
    }

    /** The command register's disable bit. */
    synchronized void disable(boolean value) {
        disabled = value;
        update();
    }

    /** Whether MSI-X is used instead. */
    synchronized void replace(boolean byMessages) {
        replaced = byMessages;
        update();
    }

    synchronized void connect(InterruptLine wire) {
        line = wire;
        line.set(level);
    }

    synchronized void disconnect() {
        if (level) {
            line.set(false);
        }
        line = NOWHERE;
    }

    private void update() {
        boolean wanted = pending && !disabled && !replaced;
        if (wanted != level) {
            level = wanted;
            line.set(wanted);
        }
    }
}
