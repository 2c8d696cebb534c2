package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.sys.IoVector;

/** What a copy writes to. Used by many threads, each at a stretch of its own, a multiple of {@link #unitBytes} long. */
interface CopySink {
    /** What zeros are looked for in multiples of; a power of two. */
    int unitBytes();

    /** Stores what is not zeros; {@code mine} is the writer's, to compare with for instance. */
    void data(long offset, IoVector source) throws IOException;

    /** Makes a stretch read as zeros. */
    void zeros(long offset, long length) throws IOException;
}
