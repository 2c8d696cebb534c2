package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;

/** Says which parts of a disk in use are copied, at the moment when the copying begins; the guest's requests wait. */
@FunctionalInterface
public interface Beginning {
    /** All. */
    Beginning ALL = (parts, image) -> parts.markAll();

    /**
     * Marks what is to be copied.
     *
     * @param image the disk's
     */
    void mark(DirtyMap parts, DiskImage image) throws IOException;

    /** The copying did not come to its end: what was marked is still to be copied. */
    default void failed() {}

    /** What a map has collected; it begins anew with this copy, unless that fails. */
    static Beginning changes(DirtyMap collected) {
        DirtyMap taken = new DirtyMap(collected.sizeBytes(), collected.granularityBytes());
        return new Beginning() {
            @Override
            public void mark(DirtyMap parts, DiskImage image) {
                taken.takeFrom(collected);
                parts.markAllOf(taken);
            }

            @Override
            public void failed() {
                collected.markAllOf(taken);
            }
        };
    }
}
