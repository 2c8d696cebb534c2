package org.kvmbeans.block;

/** How the host's page cache stands between a disk and its storage, and when writes are durable. */
public enum CacheMode {
    /** Past the page cache (O_DIRECT); durable after a flush. */
    NONE(true, Durability.AFTER_FLUSH),
    /** Past the page cache; durable when the write is done (O_DIRECT and O_DSYNC). */
    DIRECTSYNC(true, Durability.AFTER_WRITE),
    /** Through the page cache; durable after a flush. */
    WRITEBACK(false, Durability.AFTER_FLUSH),
    /** Through the page cache; durable when the write is done (O_DSYNC). */
    WRITETHROUGH(false, Durability.AFTER_WRITE),
    /** Through the page cache; flushes are ignored, so that a crash of the host may lose everything. */
    UNSAFE(false, Durability.NEVER);

    /** When what was written outlives a crash of the host. */
    public enum Durability {
        AFTER_WRITE,
        AFTER_FLUSH,
        NEVER
    }

    private final boolean direct;
    private final Durability durability;

    CacheMode(boolean direct, Durability durability) {
        this.direct = direct;
        this.durability = durability;
    }

    /** Whether it goes past the page cache. */
    public boolean direct() {
        return direct;
    }

    /** When what was written outlives a crash of the host. */
    public Durability durability() {
        return durability;
    }
}
