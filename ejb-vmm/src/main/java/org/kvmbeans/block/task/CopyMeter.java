package org.kvmbeans.block.task;

import java.util.concurrent.atomic.AtomicLong;
import org.kvmbeans.block.Progress;

/** Counts what is done. Counting is any thread's; telling of it is the operation's own. */
final class CopyMeter implements Runnable {
    private final Progress progress;
    private final AtomicLong done = new AtomicLong();
    private long totalBytes;
    private long toldBytes;

    /** @param totalBytes all that may have to be copied */
    CopyMeter(Progress progress, long totalBytes) {
        this.progress = progress;
        this.totalBytes = totalBytes;
    }

    /** So much was copied. */
    void copied(long bytes) {
        done.addAndGet(bytes);
    }

    /** So much need not be copied. The operation's own thread. */
    void skipped(long bytes) {
        totalBytes -= bytes;
    }

    /** So much has come to be copied, again for instance. The operation's own thread. */
    void added(long bytes) {
        totalBytes += bytes;
    }

    /** Tells how far it is. The operation's own thread. */
    @Override
    public void run() {
        toldBytes = Math.max(toldBytes, done.get());
        progress.advance(toldBytes, Math.max(toldBytes, totalBytes));
    }
}
