package org.kvmbeans.block.nbd;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.IoVector;

/**
 * A request of a client and what became of it. Made, sent and waited for by one thread; a connection's reader fills it until
 * it {@link #end}s, and never touches it or its memory afterwards.
 */
final class ClientRequest {
    /** What became of a request. */
    enum Outcome {
        /** The server has answered: {@link #error} says what. */
        ANSWERED,
        /** The connection ended before; whether it was carried out nobody knows. */
        BROKEN
    }

    private final int command;
    private final int flags;
    private final long offset;
    private final long length;
    private final @Nullable IoVector data;
    /** The context that a NBD_CMD_BLOCK_STATUS is about. */
    private final long context;

    private final Thread waiter = Thread.currentThread();
    private volatile @Nullable Outcome outcome;

    private int error;
    private String message = "";
    private @Nullable ReadCoverage coverage;
    private boolean hasStatus;
    private int statusFlags;
    private long statusBytes;

    ClientRequest(int command, int flags, long offset, long length, @Nullable IoVector data, long context) {
        this.command = command;
        this.flags = flags;
        this.offset = offset;
        this.length = length;
        this.data = data;
        this.context = context;
    }

    int command() {
        return command;
    }

    int flags() {
        return flags;
    }

    long offset() {
        return offset;
    }

    long length() {
        return length;
    }

    /** The memory of a read or write; null for others. */
    @Nullable
    IoVector data() {
        return data;
    }

    long context() {
        return context;
    }

    /** Before it is sent, for the first time or again. */
    void begin() {
        outcome = null;
        error = NbdErrors.NONE;
        message = "";
        coverage = command == Nbd.CMD_READ ? new ReadCoverage(length) : null;
        hasStatus = false;
        statusBytes = 0;
    }

    /** Notes that the server has failed to do it; the first error counts. */
    void fail(int newError, String text) {
        if (error == NbdErrors.NONE) {
            // A server that says "error" and means none has failed nevertheless.
            error = newError == NbdErrors.NONE ? NbdErrors.EIO : newError;
            message = text;
        }
    }

    int error() {
        return error;
    }

    /** What the server says of the error; may be empty. */
    String message() {
        return message;
    }

    /** The parts of a read that came; null for others. */
    @Nullable
    ReadCoverage coverage() {
        return coverage;
    }

    /** The flags of the first {@code bytes} from the request's offset on. */
    void status(int newFlags, long bytes) {
        hasStatus = true;
        statusFlags = newFlags;
        statusBytes = bytes;
    }

    boolean hasStatus() {
        return hasStatus;
    }

    int statusFlags() {
        return statusFlags;
    }

    long statusBytes() {
        return statusBytes;
    }

    /** Ends it; its waiter goes on. */
    void end(Outcome newOutcome) {
        outcome = newOutcome;
        LockSupport.unpark(waiter);
    }

    /**
     * Waits until it has ended; by the thread that made it, whose interrupts are kept for later: they would close the
     * connection under everybody else.
     */
    Outcome await() {
        boolean interrupted = false;
        Outcome result = outcome;
        while (result == null) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
            result = outcome;
        }
        if (interrupted) {
            waiter.interrupt();
        }
        return result;
    }

    @Override
    public String toString() {
        String verb = switch (command) {
            case Nbd.CMD_READ -> "read";
            case Nbd.CMD_WRITE -> "write";
            case Nbd.CMD_FLUSH -> "flush";
            case Nbd.CMD_TRIM -> "trim";
            case Nbd.CMD_CACHE -> "cache";
            case Nbd.CMD_WRITE_ZEROES -> "zeroes";
            case Nbd.CMD_BLOCK_STATUS -> "status";
            default -> "command " + command;
        };
        return command == Nbd.CMD_FLUSH ? verb : verb + " of " + length + " bytes at " + offset;
    }
}
