package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * A client's connection in the transmission phase. One thread reads the requests; what the image has at hand it does itself,
 * the rest goes to the threads of the server.
 */
final class ServerTransmission {
    private final Posix posix;
    private final Wire wire;
    private final WireInput input;
    private final ServedExport served;
    private final DiskImage image;
    private final boolean statusAgreed;
    private final boolean structured;
    private final int blockMask;
    private final BufferPool pool;
    private final Semaphore memory;
    private final RequestQueue queue;
    private final ReplyWriter replies;
    private final Stall payloadStall = new Stall();
    private final ConcurrentLinkedDeque<ServerRequest> idle = new ConcurrentLinkedDeque<>();
    private final NativeStruct small;
    private final IoVector smallVector;

    ServerTransmission(
            Posix posix, ServerHandshake.Agreed agreed, NbdServerOptions options, BufferPool pool, Executor threads) {
        this.posix = posix;
        this.pool = pool;
        wire = agreed.wire();
        input = agreed.input();
        served = agreed.export();
        image = served.export().image();
        structured = agreed.structured();
        statusAgreed = agreed.allocationContext();
        blockMask = image.geometry().blockBytes() - 1;
        memory = new Semaphore(options.bytesPerClient() / BufferPool.SMALL_BYTES, true);
        queue = new RequestQueue(threads, options.parallelRequests());
        replies = new ReplyWriter(posix, wire, structured);
        small = new NativeStruct(posix, BufferPool.SMALL_BYTES);
        smallVector = new IoVector(posix, 1);
    }

    DiskImage image() {
        return image;
    }

    boolean writable() {
        return served.export().writable();
    }

    /** Whether the client has left a reply unread, or a write half sent, for so long. */
    boolean stalls(Duration limit) {
        return replies.stall().exceeds(limit) || payloadStall.exceeds(limit);
    }

    /**
     * Serves until the client says goodbye or is gone; afterwards nothing uses the image.
     *
     * @throws IOException where the connection breaks or the client does not keep to the protocol
     */
    void run() throws IOException {
        boolean orderly = false;
        try {
            boolean more;
            do {
                more = nextRequest();
            } while (more);
            orderly = true;
        } finally {
            if (!orderly) {
                // Nobody hears of these any more, and a client that comes back sends them again.
                queue.dropWaiting();
                wire.close();
            }
            queue.awaitIdle();
        }
        replies.flush();
    }

    private boolean nextRequest() throws IOException {
        if (!input.has(Nbd.REQUEST_BYTES)) {
            replies.flush();
            if (!input.await(Nbd.REQUEST_BYTES)) {
                return false;
            }
        }
        ByteBuffer buffer = input.buffer();
        int magic = buffer.getInt();
        int flags = buffer.getShort() & 0xFFFF;
        int command = buffer.getShort() & 0xFFFF;
        long cookie = buffer.getLong();
        long offset = buffer.getLong();
        int length = buffer.getInt();
        if (magic != Nbd.REQUEST_MAGIC) {
            throw new ProtocolException("no request: it begins with 0x" + Integer.toHexString(magic));
        }
        if (command == Nbd.CMD_DISC) {
            return false;
        }
        int error = check(command, flags, offset, length);
        if (command == Nbd.CMD_WRITE) {
            write(flags, cookie, offset, length, error);
        } else if (error != NbdErrors.NONE) {
            refuse(command, cookie, length, error);
        } else if (command == Nbd.CMD_READ && length <= BufferPool.SMALL_BYTES) {
            readSmall(flags, cookie, offset, length);
        } else {
            queue.add(prepare(command, flags, cookie, offset, length));
        }
        return true;
    }

    private int check(int command, int flags, long offset, int length) {
        int allowedFlags = switch (command) {
            case Nbd.CMD_READ -> structured ? Nbd.CMD_FLAG_DF : 0;
            case Nbd.CMD_WRITE, Nbd.CMD_TRIM, Nbd.CMD_FLUSH -> 0;
            case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_NO_HOLE;
            case Nbd.CMD_BLOCK_STATUS -> statusAgreed ? Nbd.CMD_FLAG_REQ_ONE : -1;
            default -> -1;
        };
        // NBD_CMD_FLAG_FUA is borne with every command: it does no harm where nothing is written.
        if (allowedFlags < 0 || (flags & ~(allowedFlags | Nbd.CMD_FLAG_FUA)) != 0) {
            return NbdErrors.EINVAL;
        }
        if (command == Nbd.CMD_FLUSH) {
            return offset == 0 && length == 0 ? NbdErrors.NONE : NbdErrors.EINVAL;
        }
        boolean changes = command != Nbd.CMD_READ && command != Nbd.CMD_BLOCK_STATUS;
        if (changes && !writable()) {
            return NbdErrors.EPERM;
        }
        long bytes = Integer.toUnsignedLong(length);
        long size = image.sizeBytes();
        if (offset < 0 || offset > size - bytes) {
            return changes ? NbdErrors.ENOSPC : NbdErrors.EINVAL;
        }
        if (bytes == 0 || ((offset | bytes) & blockMask) != 0) {
            return NbdErrors.EINVAL;
        }
        return command == Nbd.CMD_READ && bytes > Nbd.MAX_PAYLOAD_BYTES ? NbdErrors.EOVERFLOW : NbdErrors.NONE;
    }

    private void refuse(int command, long cookie, int length, int error) throws IOException {
        served.count(command, length, error);
        replies.simple(command, cookie, error);
    }

    private void readSmall(int flags, long cookie, long offset, int length) throws IOException {
        if (replies.readAtOnce(image, cookie, offset, length)) {
            served.count(Nbd.CMD_READ, length, NbdErrors.NONE);
        } else {
            queue.add(prepare(Nbd.CMD_READ, flags, cookie, offset, length));
        }
    }

    private void write(int flags, long cookie, long offset, int length, int error) throws IOException {
        if (length < 0 || length > Nbd.MAX_PAYLOAD_BYTES) {
            throw new ProtocolException("a write of " + Integer.toUnsignedString(length) + " bytes; "
                    + Nbd.MAX_PAYLOAD_BYTES + " are the most");
        }
        if (error != NbdErrors.NONE) {
            awaitPayload(() -> input.skip(length), length);
            refuse(Nbd.CMD_WRITE, cookie, length, error);
            return;
        }
        if (length <= BufferPool.SMALL_BYTES) {
            ByteBuffer data = small.buffer().duplicate().clear().limit(length);
            awaitPayload(() -> input.fill(data), length);
            smallVector.clear();
            smallVector.add(small.buffer(), small.address(), 0, length);
            if (flags == 0 && writeAtOnce(offset)) {
                served.count(Nbd.CMD_WRITE, length, NbdErrors.NONE);
                replies.simple(Nbd.CMD_WRITE, cookie, NbdErrors.NONE);
                return;
            }
            ServerRequest request = prepare(Nbd.CMD_WRITE, flags, cookie, offset, length);
            request.vector().copyFrom(0, small.buffer().slice(0, length));
            queue.add(request);
            return;
        }
        ServerRequest request = prepare(Nbd.CMD_WRITE, flags, cookie, offset, length);
        awaitPayload(
                () -> {
                    for (int i = 0; i < request.vector().count(); i++) {
                        input.fill(request.vector().segment(i));
                    }
                },
                length);
        queue.add(request);
    }

    private boolean writeAtOnce(long offset) {
        try {
            return image.writeAtOnce(offset, smallVector);
        } catch (IOException | RuntimeException e) {
            // As with reads.
            return false;
        }
    }

    /** What waits for data. */
    @FunctionalInterface
    private interface Receipt {
        void run() throws IOException;
    }

    private void awaitPayload(Receipt receipt, int length) throws IOException {
        if (input.has(length)) {
            receipt.run();
            return;
        }
        replies.flush();
        payloadStall.begin();
        try {
            receipt.run();
        } finally {
            payloadStall.end();
        }
    }

    /** A request with its memory, for which it waits. */
    private ServerRequest prepare(int command, int flags, long cookie, long offset, int length) throws IOException {
        int bytes = ServerRequest.memoryBytes(command, length);
        int units = BufferPool.units(bytes);
        if (!memory.tryAcquire(units)) {
            replies.flush();
            memory.acquireUninterruptibly(units);
        }
        ServerRequest request = idle.poll();
        if (request == null) {
            request = new ServerRequest(posix, this);
        }
        request.set(command, flags, cookie, offset, length, units);
        pool.take(bytes, request.buffers(), request.vector());
        return request;
    }

    /** Replies to a request that has been carried out, and takes it back. */
    void finish(ServerRequest request, int command, int error) {
        served.count(command, request.length(), error);
        try {
            if (error == NbdErrors.NONE && command == Nbd.CMD_READ) {
                replies.data(request);
            } else if (error == NbdErrors.NONE && command == Nbd.CMD_BLOCK_STATUS) {
                replies.status(request.cookie(), request.stretches());
            } else {
                replies.simple(command, request.cookie(), error);
            }
            replies.flush();
        } catch (IOException | RuntimeException e) {
            // The reader finds the connection closed, and ends it all.
            wire.close();
        } finally {
            int units = request.units();
            request.vector().clear();
            pool.give(request.buffers());
            idle.push(request);
            memory.release(units);
        }
    }
}
