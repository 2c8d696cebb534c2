package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;

/** Says which parts of a disk in use are copied, at the moment when the copying begins; the guest's requests wait. */
@FunctionalInterface
public interface Beginning {
    /**
     * Marks what is to be copied; where a map has collected the changes since an earlier copy, it takes them out of it.
     *
     * @param image the disk's
     */
    void mark(DirtyMap parts, DiskImage image) throws IOException;

    /** All. */
    Beginning ALL = (parts, image) -> parts.markAll();

    /** What a map has collected, which begins anew. */
    static Beginning changes(DirtyMap collected) {
        return (parts, image) -> parts.takeFrom(collected);
    }
}
