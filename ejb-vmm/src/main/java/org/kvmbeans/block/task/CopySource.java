package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;

/** What a copy reads from. Used by many threads. */
interface CopySource {
    /** The stretch from {@code offset} on, of at most {@code length} bytes. */
    Stretch stretch(long offset, long length) throws IOException;

    /** Fills {@code target} from {@code offset} on. */
    void read(long offset, IoVector target) throws IOException;

    /** All of an image. */
    static CopySource all(DiskImage image) {
        return new CopySource() {
            @Override
            public Stretch stretch(long offset, long length) throws IOException {
                return Stretch.of(image.extent(offset, length));
            }

            @Override
            public void read(long offset, IoVector target) throws IOException {
                image.read(offset, target);
            }
        };
    }
}
