package org.kvmbeans.block.nbd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.nbd.ClientRequest.Outcome;
import org.kvmbeans.sys.IoVector;

/** Carries requests out, over as many connections as it takes, and keeps what may have to be sent again. */
final class ClientTransactions {
    private final Sessions sessions;
    private final NbdClientOptions options;
    private final ReplayLog log;
    private final boolean tracksWrites;

    /** @param tracksWrites whether acknowledged writes must be known until they are flushed */
    ClientTransactions(Sessions sessions, NbdClientOptions options, ReplayLog log, boolean tracksWrites) {
        this.sessions = sessions;
        this.options = options;
        this.log = log;
        this.tracksWrites = tracksWrites;
    }

    Sessions sessions() {
        return sessions;
    }

    void run(ClientRequest request) throws DiskImageException {
        run(List.of(request));
    }

    /**
     * Carries out requests of at most {@link Nbd#MAX_PAYLOAD_BYTES} together, at the same time.
     *
     * @throws DiskImageException where one of them fails, or none could be sent in time
     */
    void run(List<ClientRequest> requests) throws DiskImageException {
        // The channel of an interrupted thread would close itself, under all other requests too.
        boolean interrupted = Thread.interrupted();
        try {
            long kept = 0;
            for (ClientRequest request : requests) {
                kept += keptBytes(request);
            }
            while (kept > 0 && !log.reserve(kept)) {
                flush(true);
            }
            carryOut(requests);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Makes durable what was acknowledged before.
     *
     * @param onServer whether the server has a flush; without one it has made everything durable already
     */
    void flush(boolean onServer) throws DiskImageException {
        if (!onServer) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            long mark = log.mark();
            carryOut(List.of(new ClientRequest(Nbd.CMD_FLUSH, 0, 0, 0, null, ExportInfo.NO_CONTEXT)));
            log.flushed(mark);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void carryOut(List<ClientRequest> requests) throws DiskImageException {
        List<ClientRequest> rest = requests;
        DiskImageException failure = null;
        boolean broke = false;
        long brokenNanos = 0;
        boolean interrupted = false;
        try {
            while (!rest.isEmpty()) {
                Session session = sessions.enter();
                List<ClientRequest> broken = new ArrayList<>(0);
                try {
                    rest.forEach(session::send);
                    for (ClientRequest request : rest) {
                        if (request.await() == Outcome.BROKEN || request.error() == NbdErrors.ESHUTDOWN) {
                            broken.add(request);
                        } else {
                            failure = conclude(request, failure);
                        }
                    }
                } finally {
                    if (!broken.isEmpty()) {
                        session.abort("the server is shutting down");
                    }
                    session.leave();
                }
                rest = broken;
                interrupted |= Thread.interrupted();
                if (!rest.isEmpty()) {
                    long now = System.nanoTime();
                    brokenNanos = broke ? brokenNanos : now;
                    broke = true;
                    if (now - brokenNanos >= options.reconnectFor().toNanos()) {
                        throw sessions.failure("the connection broke before it was answered: " + session.why());
                    }
                }
            }
        } finally {
            rest.forEach(this::cancel);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Notes that the server has answered; {@code failure} stays the first one. */
    private @Nullable DiskImageException conclude(ClientRequest request, @Nullable DiskImageException failure) {
        if (request.error() == NbdErrors.NONE) {
            keep(request);
            return failure;
        }
        cancel(request);
        return failure != null ? failure : sessions.failure(request);
    }

    /** What the log must have room for; 0 for what need not be sent again. */
    private long keptBytes(ClientRequest request) {
        if (!tracksWrites || (request.flags() & Nbd.CMD_FLAG_FUA) != 0) {
            return 0;
        }
        return switch (request.command()) {
            case Nbd.CMD_WRITE -> request.length();
            case Nbd.CMD_WRITE_ZEROES -> ReplayLog.ENTRY_BYTES;
            default -> 0;
        };
    }

    private void keep(ClientRequest request) {
        if (keptBytes(request) > 0) {
            IoVector data = request.data();
            if (data != null) {
                log.append(request.offset(), data);
            } else {
                // What was fast before need not be so again, and must be done nevertheless.
                log.appendZeroes(request.offset(), request.length(), request.flags() & ~Nbd.CMD_FLAG_FAST_ZERO);
            }
        }
    }

    private void cancel(ClientRequest request) {
        long kept = keptBytes(request);
        if (kept > 0) {
            log.cancel(kept);
        }
    }
}
