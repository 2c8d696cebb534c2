package org.kvmbeans.virtio.console;

import java.util.concurrent.atomic.AtomicLong;
import org.kvmbeans.stream.CharacterPort;
import org.kvmbeans.stream.InputQueue;
import org.kvmbeans.stream.OutputChunk;
import org.kvmbeans.stream.OutputHistory;
import org.kvmbeans.virtio.queue.GuestBuffers;

/**
 * One port of a console device. Output is kept as {@link OutputHistory} keeps it; input waits, bounded, until the guest
 * has a buffer for it. Thread-safe.
 */
public final class ConsolePort implements CharacterPort {
    /** The largest number of columns or rows. */
    public static final int MAX_SIZE = 65_535;

    private static final int DEFAULT_COLUMNS = 80;
    private static final int DEFAULT_ROWS = 25;

    /** What the device does when something happens at the host's end of a port. Called by any thread. */
    interface HostSide {
        void inputOffered(ConsolePort port);

        void resized(ConsolePort port);

        void openedOrClosed(ConsolePort port);
    }

    /** Columns and rows that belong together. */
    record Size(int columns, int rows) {}

    private final int id;
    private final String name;
    private final PortKind kind;
    private final HostSide hostSide;
    private final OutputHistory output = new OutputHistory();
    private final AtomicLong bytesReceived = new AtomicLong();
    /** Guarded by itself. */
    private final InputQueue input = new InputQueue();

    private volatile Size size = new Size(DEFAULT_COLUMNS, DEFAULT_ROWS);
    private volatile boolean guestOpen;
    private volatile boolean hostOpen = true;

    ConsolePort(int id, ConsoleOptions.Port options, HostSide hostSide) {
        this.id = id;
        this.name = options.name();
        this.kind = options.kind();
        this.hostSide = hostSide;
    }

    /** Its number in the device. */
    public int id() {
        return id;
    }

    public String name() {
        return name;
    }

    public PortKind kind() {
        return kind;
    }

    /** Whether somebody in the guest has it open; for consoles, whether the terminal is in use. */
    public boolean isGuestOpen() {
        return guestOpen;
    }

    /** Whether the guest is told that somebody is at the host's end. */
    public boolean isHostOpen() {
        return hostOpen;
    }

    /** Tells the guest whether somebody is at the host's end, as if a plug were put in or pulled; in it is at first. */
    public void setHostOpen(boolean open) {
        hostOpen = open;
        hostSide.openedOrClosed(this);
    }

    /** Columns of the terminal; 80 at first. */
    public int columns() {
        return size.columns();
    }

    /** Rows of the terminal; 25 at first. */
    public int rows() {
        return size.rows();
    }

    /**
     * Tells the guest the size of the operator's terminal.
     *
     * @param columns 1 to {@link #MAX_SIZE}
     * @param rows 1 to {@link #MAX_SIZE}
     * @throws IllegalArgumentException for other values
     * @throws IllegalStateException for a port that is no console
     */
    public void resize(int columns, int rows) {
        if (columns < 1 || columns > MAX_SIZE || rows < 1 || rows > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "terminal of " + columns + " columns and " + rows + " rows; give 1 to " + MAX_SIZE + " of each");
        }
        if (kind != PortKind.CONSOLE) {
            throw new IllegalStateException("port " + name + " is no console and has no size");
        }
        size = new Size(columns, rows);
        hostSide.resized(this);
    }

    Size size() {
        return size;
    }

    @Override
    public long bytesReceived() {
        return bytesReceived.get();
    }

    @Override
    public long bytesTransmitted() {
        return output.endPosition();
    }

    @Override
    public int inputPendingBytes() {
        return input.size();
    }

    @Override
    public int inputCapacityBytes() {
        return InputQueue.CAPACITY_BYTES;
    }

    @Override
    public void offerInput(byte[] bytes) {
        synchronized (input) {
            input.offer(bytes);
        }
        hostSide.inputOffered(this);
    }

    @Override
    public byte[] tail(int bytes) {
        return output.tail(bytes);
    }

    @Override
    public OutputChunk readFrom(long position, int maxBytes, long waitMillis) {
        return output.readFrom(position, maxBytes, waitMillis);
    }

    /** The guest opened the port, or closed it: what it had not read yet was meant for the one who closed it. */
    void setGuestOpen(boolean open) {
        guestOpen = open;
        if (!open) {
            synchronized (input) {
                input.clear();
            }
        }
    }

    /** Takes input for the guest: how many bytes, at most {@code most}. */
    int takeInput(byte[] target, int most) {
        int count;
        synchronized (input) {
            count = input.take(target, most);
        }
        bytesReceived.addAndGet(count);
        return count;
    }

    /** Keeps what the guest sent. {@code scratch} is overwritten. */
    void keepOutput(GuestBuffers sent, byte[] scratch) {
        // A guest may send gigabytes at once; what would be pushed out of the history at once is not even read.
        long at = Math.max(0, sent.totalBytes() - OutputHistory.CAPACITY_BYTES);
        if (at > 0) {
            output.skip(at);
        }
        while (at < sent.totalBytes()) {
            int count = (int) Math.min(scratch.length, sent.totalBytes() - at);
            sent.read(at, scratch, 0, count);
            output.append(scratch, 0, count);
            at += count;
        }
    }
}
