package org.kvmbeans.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Requests to an image, a number of them at a time, at the offsets that {@code qemu-img bench} takes: each a step after the
 * one before, modulo the size of the disk.
 *
 * @param write whether they write
 * @param bytes of each
 * @param stepBytes from one to the next
 * @param count how many
 * @param depth how many at a time
 */
record ImageLoad(boolean write, int bytes, long stepBytes, int count, int depth) {
    private static final int PAGE_BYTES = 4096;

    /** Runs it as a disk of a VM does where the image has a background, otherwise on threads; the seconds it took. */
    double run(Posix posix, DiskImage image) throws IOException, InterruptedException {
        List<IoVector> vectors = vectors(posix);
        try (EventFd signal = EventFd.create(posix)) {
            AsyncRequests<Request> requests = image.openAsync(signal);
            if (requests != null) {
                try (requests) {
                    return new InBackground(posix, image, requests).run(vectors, signal);
                }
            }
        }
        return onThreads(image, vectors);
    }

    /**
     * Together, as the tool has it, in memory that the script has malloc take from huge pages, on both sides. Each page is
     * written once, as a guest's are: those that were not are all one page of zeros.
     */
    private List<IoVector> vectors(Posix posix) {
        NativeStruct memory = new NativeStruct(posix, depth * bytes + PAGE_BYTES);
        int aligned = (int) (-memory.address() & (PAGE_BYTES - 1));
        for (int at = aligned; at < aligned + depth * bytes; at += PAGE_BYTES) {
            memory.buffer().put(at, (byte) 1);
        }
        List<IoVector> vectors = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            IoVector vector = new IoVector(posix, 1);
            vector.add(memory.buffer(), memory.address(), aligned + i * bytes, bytes);
            vectors.add(vector);
        }
        return vectors;
    }

    private long offset(DiskImage image, long number) {
        return number * stepBytes % image.sizeBytes();
    }

    private boolean carryOutAtOnce(DiskImage image, long offset, IoVector vector) throws IOException {
        return write ? image.writeAtOnce(offset, vector) : image.readAtOnce(offset, vector);
    }

    private void carryOut(DiskImage image, long offset, IoVector vector) throws IOException {
        if (write) {
            image.write(offset, vector);
        } else {
            image.read(offset, vector);
        }
    }

    private static final class Request {
        private final IoVector vector;
        private long offset;

        Request(IoVector vector) {
            this.vector = vector;
        }
    }

    /** One thread that hands requests over and hears of them, and threads for those that have to wait. */
    private final class InBackground {
        private final DiskImage image;
        private final AsyncRequests<Request> requests;
        private final EventLoop loop;
        private final ExecutorService threads = Executors.newFixedThreadPool(depth);
        private final CompletableFuture<Void> allEnded = new CompletableFuture<>();
        private int begun;
        private int inProgress;
        private long ended;

        InBackground(Posix posix, DiskImage image, AsyncRequests<Request> requests) {
            this.image = image;
            this.requests = requests;
            loop = EventLoop.startBusy(posix, "load", allEnded::completeExceptionally);
        }

        double run(List<IoVector> vectors, EventFd signal) throws IOException, InterruptedException {
            try {
                long start = System.nanoTime();
                loop.execute(() -> {
                    loop.register(signal.number(), EventLoop.READABLE | EventLoop.EDGE_TRIGGERED, events -> goOn());
                    vectors.forEach(vector -> begin(new Request(vector)));
                    goOn();
                });
                allEnded.get();
                return (System.nanoTime() - start) / 1e9;
            } catch (ExecutionException e) {
                throw new IOException(e.getCause());
            } finally {
                loop.close();
                threads.shutdown();
            }
        }

        /** Leaves requests of threads their turns, however fast the others are. */
        private void goOn() {
            requests.submit();
            long before = ended;
            requests.reap(this::ended);
            if (ended != before) {
                loop.execute(this::goOn);
            } else if (inProgress == 0) {
                allEnded.complete(null);
            }
        }

        private void ended(Request request, boolean done) {
            if (done) {
                inProgress--;
                ended++;
                begin(request);
            } else {
                await(request);
            }
        }

        /** Begins the next request that is not carried out at once. */
        private void begin(Request request) {
            while (begun < count) {
                request.offset = offset(image, begun++);
                boolean taken = write
                        ? requests.write(request.offset, request.vector, request)
                        : requests.read(request.offset, request.vector, request);
                if (taken) {
                    inProgress++;
                    return;
                }
                if (!isCarriedOutAtOnce(request)) {
                    inProgress++;
                    await(request);
                    return;
                }
            }
        }

        private boolean isCarriedOutAtOnce(Request request) {
            try {
                return carryOutAtOnce(image, request.offset, request.vector);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Leaves a request to a thread that may wait. */
        private void await(Request request) {
            threads.execute(() -> {
                try {
                    carryOut(image, request.offset, request.vector);
                    loop.execute(() -> {
                        ended(request, true);
                        goOn();
                    });
                } catch (IOException | RuntimeException e) {
                    allEnded.completeExceptionally(e);
                }
            });
        }
    }

    private double onThreads(DiskImage image, List<IoVector> vectors) throws IOException, InterruptedException {
        AtomicLong next = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(depth);
        try {
            List<Callable<Void>> workers = new ArrayList<>();
            for (IoVector vector : vectors) {
                workers.add(() -> {
                    for (long i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                        long offset = offset(image, i);
                        if (!carryOutAtOnce(image, offset, vector)) {
                            carryOut(image, offset, vector);
                        }
                    }
                    return null;
                });
            }
            long start = System.nanoTime();
            for (Future<Void> worker : threads.invokeAll(workers)) {
                worker.get();
            }
            return (System.nanoTime() - start) / 1e9;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } finally {
            threads.shutdown();
        }
    }
}
