package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;

/** An image that a disk in use is copied to, parts of it again and again. */
final class LiveSink implements LiveCopy.FirstSink {
    private final DiskImage image;
    private final int unitBytes;
    private volatile Contents contents;

    /** What a part holds before it is copied. */
    enum Contents {
        /** Zeros: they need not be made again. */
        ZEROS,
        /** Anything. */
        ANYTHING
    }

    LiveSink(DiskImage image, int unitBytes, Contents contents) {
        this.image = image;
        this.unitBytes = unitBytes;
        this.contents = contents;
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
        if (contents == Contents.ANYTHING) {
            image.writeZeroes(offset, length, true);
        }
    }

    @Override
    public void firstPassEnds() {
        contents = Contents.ANYTHING;
    }
}
