package org.kvmbeans.block.nbd;

import java.util.concurrent.atomic.LongAdder;

/** An export, those who use it, and what they have had done. */
final class ServedExport {
    private final NbdExport export;
    private final LongAdder clientsTotal = new LongAdder();
    private final LongAdder reads = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder others = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder bytesRead = new LongAdder();
    private final LongAdder bytesWritten = new LongAdder();
    // The rest belongs to whoever holds this object's monitor.
    private int clients;
    private boolean closed;

    ServedExport(NbdExport export) {
        this.export = export;
    }

    NbdExport export() {
        return export;
    }

    /** A client begins to use the image, until it {@link #leave}s; false where no more may. */
    synchronized boolean enter() {
        if (closed) {
            return false;
        }
        clients++;
        clientsTotal.increment();
        return true;
    }

    /** Nothing of a client uses the image any more. */
    synchronized void leave() {
        clients--;
        notifyAll();
    }

    /** No further client may use the image. */
    synchronized void close() {
        closed = true;
    }

    /** Waits until nobody uses the image. */
    synchronized void awaitUnused() {
        boolean interrupted = false;
        while (clients > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A request has been answered. */
    void count(int command, long length, int error) {
        switch (command) {
            case Nbd.CMD_READ -> reads.increment();
            case Nbd.CMD_WRITE -> writes.increment();
            default -> others.increment();
        }
        if (error != NbdErrors.NONE) {
            failures.increment();
        } else if (command == Nbd.CMD_READ) {
            bytesRead.add(length);
        } else if (command == Nbd.CMD_WRITE) {
            bytesWritten.add(length);
        }
    }

    synchronized NbdStatistics statistics() {
        return new NbdStatistics(
                clients,
                clientsTotal.sum(),
                reads.sum(),
                writes.sum(),
                others.sum(),
                failures.sum(),
                bytesRead.sum(),
                bytesWritten.sum());
    }

    /** NBD_FLAG_… of the export. */
    int flags() {
        // Every connection uses the one image: what one has flushed, it has flushed for all.
        int flags = Nbd.FLAG_HAS_FLAGS | Nbd.FLAG_SEND_FLUSH | Nbd.FLAG_SEND_DF | Nbd.FLAG_CAN_MULTI_CONN;
        return export.writable()
                ? flags | Nbd.FLAG_SEND_FUA | Nbd.FLAG_SEND_TRIM | Nbd.FLAG_SEND_WRITE_ZEROES
                : flags | Nbd.FLAG_READ_ONLY;
    }
}
