package org.kvmbeans.virtio.block;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.EventFd;

/** Carries out requests that were parsed and found right, on any thread; how it went is noted in the request. */
final class BlockExecutor {
    private final BlockOptions options;
    private final DiskImage image;
    private final BlockCounters counters;
    private final BooleanSupplier writeThrough;
    private final byte[] id;

    /** @param writeThrough whether writes must be durable when they are done */
    BlockExecutor(BlockOptions options, DiskImage image, BlockCounters counters, BooleanSupplier writeThrough) {
        this.options = options;
        this.image = image;
        this.counters = counters;
        this.writeThrough = writeThrough;
        id = Arrays.copyOf(options.serial().getBytes(StandardCharsets.UTF_8), BlockOptions.MAX_SERIAL_BYTES);
    }

    /**
     * Carries a request out if that takes no waiting.
     *
     * @return whether it is done, well or not; otherwise it is for {@link #execute}, on a thread that may wait
     */
    boolean executeAtOnce(BlockRequest request) {
        BlockOperation operation = Objects.requireNonNull(request.operation());
        long started = System.nanoTime();
        try {
            boolean done = switch (operation) {
                case READ -> image.readAtOnce(request.offset(), request.data());
                case WRITE -> !writeThrough.getAsBoolean() && image.writeAtOnce(request.offset(), request.data());
                case GET_ID -> {
                    request.answerId(id);
                    yield true;
                }
                case FLUSH, DISCARD, WRITE_ZEROES -> false;
            };
            if (done) {
                counters.done(operation, request.bytes(), System.nanoTime() - started);
            }
            return done;
        } catch (IOException | RuntimeException e) {
            fail(request, operation, e);
            return true;
        }
    }

    /**
     * Begins to carry a request out, where that is done while the caller goes on; {@link #ended} when it has been.
     *
     * @return false where it is for {@link #execute}
     */
    boolean begin(AsyncRequests<BlockRequest> async, BlockRequest request) {
        request.begunAt(System.nanoTime());
        return switch (Objects.requireNonNull(request.operation())) {
            case READ -> async.read(request.offset(), request.data(), request);
            case WRITE -> !writeThrough.getAsBoolean() && async.write(request.offset(), request.data(), request);
            case FLUSH, GET_ID, DISCARD, WRITE_ZEROES -> false;
        };
    }

    /** A request that was begun is done. */
    void ended(BlockRequest request) {
        BlockOperation operation = Objects.requireNonNull(request.operation());
        counters.done(operation, request.bytes(), System.nanoTime() - request.begunNanos());
    }

    /** Opens a way to begin requests; null where the image has none. */
    @Nullable
    AsyncRequests<BlockRequest> openAsync(EventFd signal) {
        return image.openAsync(signal);
    }

    /** Carries a request out, however long it takes. */
    void execute(BlockRequest request) {
        BlockOperation operation = Objects.requireNonNull(request.operation());
        long started = System.nanoTime();
        try {
            execute(request, operation);
            counters.done(operation, request.bytes(), System.nanoTime() - started);
        } catch (IOException | RuntimeException | Error e) {
            // Of whatever kind it is: a request that nobody answers would leave the guest waiting for ever.
            fail(request, operation, e);
        }
    }

    private void execute(BlockRequest request, BlockOperation operation) throws IOException {
        switch (operation) {
            case READ -> image.read(request.offset(), request.data());
            case WRITE -> image.write(request.offset(), request.data());
            case FLUSH -> image.flush();
            case GET_ID -> request.answerId(id);
            case DISCARD -> {
                for (BlockRequest.Segment segment : request.segments()) {
                    image.discard(segment.offset(), segment.lengthBytes());
                }
            }
            case WRITE_ZEROES -> {
                for (BlockRequest.Segment segment : request.segments()) {
                    image.writeZeroes(segment.offset(), segment.lengthBytes(), segment.unmap());
                }
            }
        }
        boolean writes = switch (operation) {
            case WRITE, DISCARD, WRITE_ZEROES -> true;
            case READ, FLUSH, GET_ID -> false;
        };
        if (writes && writeThrough.getAsBoolean()) {
            image.flush();
        }
    }

    private void fail(BlockRequest request, BlockOperation operation, Throwable cause) {
        counters.failed(operation);
        if (cause instanceof DiskImageException known) {
            request.failed(known);
        } else {
            DiskImageException failure = new DiskImageException(Kind.IO_ERROR, options.name(), cause.toString());
            failure.initCause(cause);
            request.failed(failure);
        }
    }
}
