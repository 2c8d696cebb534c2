package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.kvmbeans.sys.IoVector;

/**
 * Takes a server's replies apart ("Simple reply message", "Structured reply chunk message") and fills the requests that they
 * belong to. Nothing of a reply is believed that its request does not bear out. Used by one connection's reader.
 */
final class ReplyReader {
    private static final int STATUS_BYTES = 2 * Integer.BYTES;
    /** A million stretches, twice of what QEMU sends at most. */
    private static final int MAX_STATUS_BYTES = STATUS_BYTES << 20;

    private static final int MAX_ERROR_BYTES = Integer.BYTES + Short.BYTES + Nbd.MAX_STRING_BYTES + Long.BYTES;

    private final WireInput input;
    private final ExportInfo export;
    private final Requests requests;

    /** The requests that wait for replies. */
    interface Requests {
        /**
         * The request of a handle.
         *
         * @throws ProtocolException where none has it
         */
        ClientRequest byHandle(long handle) throws ProtocolException;

        /** The server has said all of it. */
        void answered(long handle);
    }

    ReplyReader(WireInput input, ExportInfo export, Requests requests) {
        this.input = input;
        this.export = export;
        this.requests = requests;
    }

    /**
     * Takes the next reply, or chunk of one; waits for it.
     *
     * @return false where the server has ended the connection between two
     */
    boolean next() throws IOException {
        if (!input.await(Integer.BYTES)) {
            return false;
        }
        int magic = input.buffer().getInt();
        if (magic == Nbd.SIMPLE_REPLY_MAGIC) {
            simple();
        } else if (magic == Nbd.STRUCTURED_REPLY_MAGIC && export.structured()) {
            chunk();
        } else {
            throw new ProtocolException("no reply: it begins with 0x" + Integer.toHexString(magic));
        }
        return true;
    }

    private void simple() throws IOException {
        input.require(Nbd.SIMPLE_REPLY_BYTES - Integer.BYTES);
        int error = input.buffer().getInt();
        long handle = input.buffer().getLong();
        ClientRequest request = requests.byHandle(handle);
        boolean needsChunks = request.command() == Nbd.CMD_READ || request.command() == Nbd.CMD_BLOCK_STATUS;
        if (export.structured() && needsChunks) {
            throw new ProtocolException("a simple reply to a request that has structured ones");
        }
        if (error != NbdErrors.NONE) {
            request.fail(error, "");
        } else if (request.command() == Nbd.CMD_READ) {
            read(request, 0, request.length());
        }
        requests.answered(handle);
    }

    private void chunk() throws IOException {
        input.require(Nbd.CHUNK_BYTES - Integer.BYTES);
        ByteBuffer buffer = input.buffer();
        int flags = buffer.getShort();
        int type = buffer.getShort() & 0xFFFF;
        long handle = buffer.getLong();
        long length = Integer.toUnsignedLong(buffer.getInt());
        ClientRequest request = requests.byHandle(handle);
        if ((type & Nbd.REPLY_FLAG_ERROR) != 0) {
            error(request, type, length);
        } else {
            switch (type) {
                case Nbd.REPLY_NONE -> {
                    require(length == 0 && (flags & Nbd.REPLY_FLAG_DONE) != 0, type, length);
                }
                case Nbd.REPLY_OFFSET_DATA -> data(request, length);
                case Nbd.REPLY_OFFSET_HOLE -> hole(request, length);
                case Nbd.REPLY_BLOCK_STATUS -> status(request, length);
                default -> require(false, type, length);
            }
        }
        if ((flags & Nbd.REPLY_FLAG_DONE) != 0) {
            complete(request);
            requests.answered(handle);
        }
    }

    private static void require(boolean fits, int type, long length) throws ProtocolException {
        if (!fits) {
            throw new ProtocolException(
                    "a chunk of type " + type + " with " + length + " bytes does not belong to its request");
        }
    }

    private void data(ClientRequest request, long length) throws IOException {
        require(request.command() == Nbd.CMD_READ && length > Long.BYTES, Nbd.REPLY_OFFSET_DATA, length);
        input.require(Long.BYTES);
        read(request, relative(request, input.buffer().getLong()), length - Long.BYTES);
    }

    private void hole(ClientRequest request, long length) throws IOException {
        boolean fits = request.command() == Nbd.CMD_READ && length == Long.BYTES + Integer.BYTES;
        require(fits, Nbd.REPLY_OFFSET_HOLE, length);
        input.require((int) length);
        long start = relative(request, input.buffer().getLong());
        long bytes = Integer.toUnsignedLong(input.buffer().getInt());
        IoVector target = target(request, start, bytes);
        target.zero(start, bytes);
    }

    /** Negative where it lies before the request: {@link ReadCoverage} refuses that. */
    private static long relative(ClientRequest request, long offset) {
        return offset < request.offset() ? -1 : offset - request.offset();
    }

    private static IoVector target(ClientRequest request, long start, long bytes) throws ProtocolException {
        ReadCoverage coverage = request.coverage();
        IoVector target = request.data();
        if (coverage == null || target == null) {
            throw new ProtocolException("data for a request that is no read");
        }
        coverage.add(start, bytes);
        return target;
    }

    private void read(ClientRequest request, long start, long bytes) throws IOException {
        IoVector target = target(request, start, bytes);
        long skip = start;
        long left = bytes;
        for (int i = 0; left > 0; i++) {
            int segmentBytes = target.segmentBytes(i);
            if (skip >= segmentBytes) {
                skip -= segmentBytes;
                continue;
            }
            int part = (int) Math.min(left, segmentBytes - skip);
            ByteBuffer segment = target.segment(i);
            input.fill(segment.limit((int) skip + part).position((int) skip));
            left -= part;
            skip = 0;
        }
    }

    /** Keeps the first stretch, with those after it that are alike. */
    private void status(ClientRequest request, long length) throws IOException {
        long stretches = length - Integer.BYTES;
        boolean fits = request.command() == Nbd.CMD_BLOCK_STATUS
                && stretches >= STATUS_BYTES
                && stretches <= MAX_STATUS_BYTES
                && stretches % STATUS_BYTES == 0;
        require(fits, Nbd.REPLY_BLOCK_STATUS, length);
        input.require(Integer.BYTES);
        long context = Integer.toUnsignedLong(input.buffer().getInt());
        if (context != request.context()) {
            boolean other = context == export.allocationContext() || context == export.bitmapContext();
            require(other, Nbd.REPLY_BLOCK_STATUS, length);
            input.skip(stretches);
            return;
        }
        require(!request.hasStatus(), Nbd.REPLY_BLOCK_STATUS, length);
        int first = 0;
        long run = 0;
        boolean open = true;
        for (long done = 0; done < stretches; done += STATUS_BYTES) {
            input.require(STATUS_BYTES);
            long bytes = Integer.toUnsignedLong(input.buffer().getInt());
            int flags = input.buffer().getInt();
            require(bytes > 0, Nbd.REPLY_BLOCK_STATUS, length);
            first = done == 0 ? flags : first;
            open = open && flags == first;
            run += open ? bytes : 0;
        }
        // The last stretch may go on beyond what was asked for.
        request.status(first, Math.min(run, request.length()));
    }

    private void error(ClientRequest request, int type, long length) throws IOException {
        boolean known = type == Nbd.REPLY_ERROR || type == Nbd.REPLY_ERROR_OFFSET;
        boolean fits = length >= Integer.BYTES + Short.BYTES && length <= MAX_ERROR_BYTES;
        require(fits, type, length);
        input.require((int) length);
        int error = input.buffer().getInt();
        int messageBytes = input.buffer().getShort() & 0xFFFF;
        int rest = (int) length - Integer.BYTES - Short.BYTES;
        int after = type == Nbd.REPLY_ERROR_OFFSET ? Long.BYTES : 0;
        require(known ? messageBytes == rest - after : messageBytes <= rest, type, length);
        ByteBuffer message = input.buffer().slice(input.buffer().position(), messageBytes);
        request.fail(error, StandardCharsets.UTF_8.decode(message).toString());
        input.buffer().position(input.buffer().position() + rest);
    }

    private static void complete(ClientRequest request) throws ProtocolException {
        if (request.error() != NbdErrors.NONE) {
            return;
        }
        ReadCoverage coverage = request.coverage();
        boolean missing = coverage == null
                ? request.command() == Nbd.CMD_BLOCK_STATUS && !request.hasStatus()
                : !coverage.complete();
        if (missing) {
            throw new ProtocolException("a reply that ends before all of it has come");
        }
    }
}
