package org.kvmbeans.console;

/**
 * How far the server may run ahead of what a page has shown. A page that stops showing, or a network that stops taking,
 * holds up its own reader only: the guest writes on, and the serial port keeps the most recent output.
 */
final class OutputWindow {
    /** Bytes that may be under way: a full screen of text many times over, and little for a server with many pages. */
    static final int SIZE_BYTES = 256 * 1024;

    private long sent;
    private long seen;
    private boolean closed;

    /** Waits until at least one byte may be sent; returns how many may, or 0 where the window is closed. */
    synchronized int awaitRoom() throws InterruptedException {
        while (!closed && sent - seen >= SIZE_BYTES) {
            wait();
        }
        return closed ? 0 : (int) (SIZE_BYTES - (sent - seen));
    }

    synchronized void sent(int bytes) {
        sent += bytes;
    }

    /**
     * Takes a report of the page.
     *
     * @throws IllegalArgumentException where it tells of more than was sent, or of less than before
     */
    synchronized void seen(long bytes) {
        if (bytes < seen || bytes > sent) {
            throw new IllegalArgumentException(
                    "seen " + bytes + " bytes: between " + seen + " and " + sent + " were sent");
        }
        seen = bytes;
        notifyAll();
    }

    /** Lets whoever waits go on; true for the first call. */
    synchronized boolean close() {
        boolean first = !closed;
        closed = true;
        notifyAll();
        return first;
    }
}
