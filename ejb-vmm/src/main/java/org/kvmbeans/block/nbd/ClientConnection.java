package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.nbd.ClientRequest.Outcome;
import org.kvmbeans.sys.IoVector;

/**
 * A connection in the transmission phase. Any thread sends; one thread of the connection's own reads the replies. Once it has
 * ended, for whatever reason, it has ended every request that waited.
 */
final class ClientConnection implements ReplyReader.Requests {
    /** Requests in progress; a power of two, as a handle's lowest bits number its place. */
    private static final int PLACES = 128;

    private final String name;
    private final Wire wire;
    private final ExportInfo export;
    private final ReplyReader replies;
    private final Duration requestTimeout;
    private final Consumer<String> whenEnded;
    private final Thread reader;
    private final Future<?> watch;

    private final Semaphore room = new Semaphore(PLACES);
    private final Object places = new Object();
    // The rest belongs to whoever holds the monitor of places.
    private final @Nullable ClientRequest[] waiting = new ClientRequest[PLACES];
    private final long[] handles = new long[PLACES];
    private final long[] sentNanos = new long[PLACES];
    private final int[] free = new int[PLACES];
    private int freeCount = PLACES;
    private long lastHandle;
    private boolean ended;
    private @Nullable String whyEnded;

    private final ReentrantLock writing = new ReentrantLock();
    private final ByteBuffer header = ByteBuffer.allocateDirect(Nbd.REQUEST_BYTES);
    private ByteBuffer[] gather = {header};

    /**
     * Begins.
     *
     * @param whenEnded is told why when the connection has ended, before the requests that waited are; must not wait
     */
    ClientConnection(
            String name, ClientHandshake.Connected connected, Duration requestTimeout, Consumer<String> whenEnded) {
        this.name = name;
        this.wire = connected.wire();
        this.export = connected.export();
        this.requestTimeout = requestTimeout;
        this.whenEnded = whenEnded;
        Arrays.setAll(free, i -> i);
        replies = new ReplyReader(connected.input(), export, this);
        reader = new Thread(this::readReplies, "nbd-" + name);
        reader.setDaemon(true);
        Duration period = requestTimeout.dividedBy(4).plusMillis(1);
        watch = Watch.every(period, this::endWhereOverdue);
    }

    /** Begins to read; once. */
    void start() {
        reader.start();
    }

    ExportInfo export() {
        return export;
    }

    /** Sends a request, which ends some time later: answered, or broken where the connection ends first. */
    void send(ClientRequest request) {
        request.begin();
        room.acquireUninterruptibly();
        long handle = register(request);
        if (handle < 0) {
            request.end(Outcome.BROKEN);
            return;
        }
        writing.lock();
        try {
            IoVector data = request.command() == Nbd.CMD_WRITE ? request.data() : null;
            putHeader(request, handle);
            if (data == null) {
                wire.write(gather, 1);
            } else {
                wire.write(gathered(data), 1 + data.count());
            }
        } catch (IOException | RuntimeException e) {
            abort("sending failed: " + e);
        } finally {
            writing.unlock();
        }
    }

    private void putHeader(ClientRequest request, long handle) {
        header.clear();
        header.putInt(Nbd.REQUEST_MAGIC)
                .putShort((short) request.flags())
                .putShort((short) request.command())
                .putLong(handle)
                .putLong(request.offset())
                .putInt((int) request.length())
                .flip();
    }

    private ByteBuffer[] gathered(IoVector data) {
        if (gather.length <= data.count()) {
            gather = Arrays.copyOf(gather, 1 + data.count());
        }
        for (int i = 0; i < data.count(); i++) {
            gather[1 + i] = data.segment(i);
        }
        return gather;
    }

    /** Takes a place; below 0 where the connection has ended. */
    private long register(ClientRequest request) {
        synchronized (places) {
            if (ended) {
                room.release();
                return -1;
            }
            int place = free[--freeCount];
            // A handle is not used again for 2^55 requests, so that a late reply finds nobody.
            lastHandle = (lastHandle + PLACES) & Long.MAX_VALUE;
            handles[place] = lastHandle | place;
            waiting[place] = request;
            sentNanos[place] = System.nanoTime();
            return handles[place];
        }
    }

    @Override
    public ClientRequest byHandle(long handle) throws ProtocolException {
        int place = (int) handle & (PLACES - 1);
        synchronized (places) {
            ClientRequest request = waiting[place];
            if (request == null || handles[place] != handle) {
                throw new ProtocolException("a reply to no request: its handle is 0x" + Long.toHexString(handle));
            }
            return request;
        }
    }

    @Override
    public void answered(long handle) {
        ClientRequest request = release((int) handle & (PLACES - 1));
        if (request != null) {
            request.end(Outcome.ANSWERED);
        }
    }

    private @Nullable ClientRequest release(int place) {
        synchronized (places) {
            ClientRequest request = waiting[place];
            if (request != null) {
                waiting[place] = null;
                free[freeCount++] = place;
                room.release();
            }
            return request;
        }
    }

    private void readReplies() {
        String why = "the server has ended it";
        try {
            boolean more;
            do {
                more = replies.next();
            } while (more);
        } catch (ProtocolException e) {
            why = "the server does not keep to the protocol: " + e.getMessage();
        } catch (IOException e) {
            why = "reading failed: " + e.getMessage();
        } catch (RuntimeException | OutOfMemoryError e) {
            why = "reading failed: " + e;
        } finally {
            end(why);
        }
    }

    private void end(String why) {
        watch.cancel(false);
        String cause;
        synchronized (places) {
            ended = true;
            cause = whyEnded == null ? why : whyEnded;
        }
        wire.close();
        whenEnded.accept(cause);
        for (int place = 0; place < PLACES; place++) {
            ClientRequest request = release(place);
            if (request != null) {
                request.end(Outcome.BROKEN);
            }
        }
    }

    /** Drops the connection; its reader ends the requests. */
    void abort(String why) {
        synchronized (places) {
            if (whyEnded == null) {
                whyEnded = why;
            }
        }
        wire.close();
    }

    private void endWhereOverdue() {
        long now = System.nanoTime();
        boolean overdue = false;
        synchronized (places) {
            for (int place = 0; place < PLACES; place++) {
                overdue |= waiting[place] != null && now - sentNanos[place] > requestTimeout.toNanos();
            }
        }
        if (overdue) {
            abort("no reply within " + requestTimeout);
        }
    }

    /** Says goodbye ("NBD_CMD_DISC") and ends; when nothing is in progress. */
    void disconnect() {
        Future<?> limit = Watch.after(requestTimeout, wire::close);
        writing.lock();
        try {
            putHeader(new ClientRequest(Nbd.CMD_DISC, 0, 0, 0, null, ExportInfo.NO_CONTEXT), 0);
            wire.write(gather, 1);
            wire.endOutput();
        } catch (IOException e) {
            abort("sending failed: " + e.getMessage());
        } finally {
            writing.unlock();
            limit.cancel(false);
        }
        abort("it was closed");
    }

    @Override
    public String toString() {
        return name;
    }
}
