package org.kvmbeans.block;

/** How the host caches a disk; the names are those that administrators know from QEMU. */
public enum CacheMode {
    /** Past the host's page cache; durable when the guest flushes. */
    NONE(true, false, true),
    /** Past the host's page cache; every write is durable when it is done. */
    DIRECTSYNC(true, true, true),
    /** Through the host's page cache; durable when the guest flushes. */
    WRITEBACK(false, false, true),
    /** Through the host's page cache; every write is durable when it is done. */
    WRITETHROUGH(false, true, true),
    /** Through the host's page cache; flushes are ignored: for guests that may be lost. */
    UNSAFE(false, false, false);

    private final boolean direct;
    private final boolean writesThrough;
    private final boolean flushes;

    CacheMode(boolean direct, boolean writesThrough, boolean flushes) {
        this.direct = direct;
        this.writesThrough = writesThrough;
        this.flushes = flushes;
    }

    /** Whether the host's page cache is passed by: O_DIRECT. */
    public boolean direct() {
        return direct;
    }

    /** Whether a write that is done is durable: O_DSYNC. */
    public boolean writesThrough() {
        return writesThrough;
    }

    /** Whether a flush makes durable what was written. */
    public boolean flushes() {
        return flushes;
    }
}
