package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;

/** An image that is written to. */
final class ImageSink implements CopySink {
    private final DiskImage image;
    private final int unitBytes;
    private final Contents before;

    /** What the image held when it began. */
    enum Contents {
        /** Zeros: they need not be made again. */
        ZEROS,
        /** Anything. */
        ANYTHING
    }

    ImageSink(DiskImage image, int unitBytes, Contents before) {
        this.image = image;
        this.unitBytes = unitBytes;
        this.before = before;
    }

    @Override
    public int unitBytes() {
        return unitBytes;
    }

    @Override
    public void data(long offset, IoVector source) throws IOException {
        image.write(offset, source);
    }

    @Override
    public void zeros(long offset, long length) throws IOException {
        if (before == Contents.ANYTHING) {
            image.writeZeroes(offset, length, true);
        }
    }
}
