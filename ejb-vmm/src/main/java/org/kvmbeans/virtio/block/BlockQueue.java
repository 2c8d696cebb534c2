package org.kvmbeans.virtio.block;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.RateLimiter;

/**
 * One queue of a disk between start and stop: its own event loop parses the requests and completes them, in the order in
 * which they are done. What the storage does while the loop goes on is handed to it, a batch at a time; what takes no
 * waiting is carried out at once; what may have to wait is left to the disk's {@link IoThreads}.
 */
final class BlockQueue implements ServedQueue.Server {
    /** Limits are looked at again at least this often, so that new ones reach what waits for the old. */
    private static final long MAX_THROTTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final System.Logger LOG = System.getLogger(BlockQueue.class.getName());

    /** What the queues of a disk share. */
    record Disk(
            Posix posix,
            BlockOptions options,
            RequestRules rules,
            BlockExecutor executor,
            IoThreads threads,
            RateLimiter limiter,
            ErrorListener onError) {}

    private final Disk disk;
    private final QueueCounters counters;
    private final EventLoop loop;
    private final ServedQueue queue;
    private final EventFd asyncSignal;
    private final @Nullable AsyncRequests<BlockRequest> async;

    // These belong to the loop's thread.

    private final Queue<BlockRequest> unused = new ArrayDeque<>();
    private final List<BlockRequest> stopped = new ArrayList<>();
    private long out;
    private boolean timerSet;
    /** When the requests that wait for a limit were last counted; 0 where none waits. */
    private long throttledSince;

    private volatile boolean ending;

    /** Guards the fields below. */
    private final Object lock = new Object();

    private int inProgress;
    private List<BlockRequest> done = new ArrayList<>();

    private BlockQueue(Disk disk, DeviceContext context, QueueSetup setup, QueueCounters counters) {
        this.disk = disk;
        this.counters = counters;
        String name = disk.options().name() + "-q" + setup.index();
        loop = EventLoop.startBusy(
                disk.posix(), name, e -> LOG.log(System.Logger.Level.ERROR, name + " cannot go on", e));
        try {
            asyncSignal = EventFd.create(disk.posix());
        } catch (PosixException e) {
            loop.close();
            throw e;
        }
        async = disk.executor().openAsync(asyncSignal);
        queue = ServedQueue.open(context, setup, loop, counters, this);
    }

    /**
     * Starts to serve a queue.
     *
     * @throws PosixException where the host refuses a thread its descriptors
     */
    static BlockQueue start(Disk disk, DeviceContext context, QueueSetup setup, QueueCounters counters) {
        BlockQueue started = new BlockQueue(disk, context, setup, counters);
        try {
            started.watchAsync();
        } catch (PosixException e) {
            started.stop();
            throw e;
        }
        return started;
    }

    private void watchAsync() {
        if (async != null) {
            loop.register(
                    asyncSignal.number(), EventLoop.READABLE | EventLoop.EDGE_TRIGGERED, events -> completeAsync());
        }
    }

    @Override
    public boolean serve(ServedQueue served, DescriptorChain chain) {
        BlockRequest request = unused.isEmpty() ? new BlockRequest(disk.posix()) : unused.remove();
        request.parse(chain, disk.rules());
        boolean right = request.status() == BlockRequest.STATUS_OK;
        if (right && !admitted(served, request)) {
            unused.add(request);
            return false;
        }
        out++;
        if (!right) {
            finish(served, request);
        } else if (async != null && disk.executor().begin(async, request)) {
            return true;
        } else if (disk.executor().executeAtOnce(request)) {
            finish(served, request);
        } else {
            submit(served, request);
        }
        return true;
    }

    @Override
    public void batchEnds(ServedQueue served) {
        if (async != null) {
            async.submit();
            // What is fast is done by now, and needs neither a wake-up nor an interrupt of its own.
            reap(served, async);
        }
    }

    private void completeAsync() {
        if (async != null && !ending) {
            reap(queue, async);
            queue.publish();
        }
    }

    private void reap(ServedQueue served, AsyncRequests<BlockRequest> from) {
        from.reap((request, done) -> {
            if (done) {
                disk.executor().ended(request);
                finish(served, request);
            } else {
                submit(served, request);
            }
        });
    }

    /** Asks the limits; where they say no, the queue is looked at again when they may say yes. */
    private boolean admitted(ServedQueue served, BlockRequest request) {
        BlockOperation operation = Objects.requireNonNull(request.operation());
        long wait = switch (operation) {
            case READ, WRITE -> disk.limiter().admit(request.bytes());
            case DISCARD, WRITE_ZEROES -> disk.limiter().admit(0);
            case FLUSH, GET_ID -> 0;
        };
        if (wait == 0 && throttledSince == 0) {
            return true;
        }
        long now = System.nanoTime();
        if (throttledSince != 0) {
            counters.throttled(now - throttledSince);
        }
        throttledSince = wait == 0 ? 0 : now;
        if (wait != 0 && !timerSet) {
            timerSet = true;
            loop.schedule(Math.min(wait, MAX_THROTTLE_NANOS), () -> {
                timerSet = false;
                served.resume();
            });
        }
        return wait == 0;
    }

    private void submit(ServedQueue served, BlockRequest request) {
        synchronized (lock) {
            inProgress++;
        }
        disk.threads().submit(() -> carryOut(served, request));
    }

    /** On a thread of the disk. */
    private void carryOut(ServedQueue served, BlockRequest request) {
        if (!ending) {
            disk.executor().execute(request);
        }
        boolean first;
        synchronized (lock) {
            first = done.isEmpty();
            done.add(request);
        }
        // The loop takes all that were done by then, so that one wake-up and one interrupt serve many.
        if (first) {
            loop.execute(() -> completeDone(served));
        }
        // Last of all: stop() closes the loop when nothing is in progress any more.
        synchronized (lock) {
            inProgress--;
            lock.notifyAll();
        }
    }

    private void completeDone(ServedQueue served) {
        List<BlockRequest> batch;
        synchronized (lock) {
            batch = done;
            done = new ArrayList<>();
        }
        if (!ending) {
            batch.forEach(request -> finish(served, request));
            served.publish();
        }
    }

    /** Gives a request back to the driver, or keeps it until the VM goes on. */
    private void finish(ServedQueue served, BlockRequest request) {
        DiskImageException failure = request.failure();
        byte status = request.status();
        if (failure != null) {
            ErrorPolicy policy = disk.options().onError();
            if (policy == ErrorPolicy.STOP) {
                stopped.add(request);
            }
            status = policy == ErrorPolicy.IGNORE ? BlockRequest.STATUS_OK : BlockRequest.STATUS_IOERR;
            tell(request, failure, policy);
            if (policy == ErrorPolicy.STOP) {
                return;
            }
        }
        long written = request.answer(status);
        if (status != BlockRequest.STATUS_OK) {
            counters.failed();
        }
        out--;
        served.complete(request.chain(), written, request.bytesFromGuest(), request.bytesToGuest());
        unused.add(request);
    }

    private void tell(BlockRequest request, DiskImageException failure, ErrorPolicy policy) {
        BlockOperation operation = Objects.requireNonNull(request.operation());
        disk.onError()
                .requestFailed(new BlockFailure(
                        operation,
                        request.offset(),
                        request.bytes(),
                        failure.kind(),
                        String.valueOf(failure.getMessage()),
                        policy));
    }

    /** Carries out again what failed and was kept. Any thread. */
    void retryStopped() {
        loop.execute(() -> {
            List<BlockRequest> again = List.copyOf(stopped);
            stopped.clear();
            for (BlockRequest request : again) {
                request.again();
                submit(queue, request);
            }
        });
    }

    /** The limits have changed. Any thread. */
    void limitsChanged() {
        queue.resume();
    }

    /** Ends it; when this returns, nothing of it touches guest memory any more. */
    void stop() {
        ending = true;
        queue.close();
        loop.runAndWait(this::closeAsync);
        boolean interrupted = false;
        synchronized (lock) {
            while (inProgress > 0) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        loop.runAndWait(() -> counters.forgotten(out));
        loop.close();
        asyncSignal.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for what the storage has begun. */
    private void closeAsync() {
        if (async != null) {
            loop.unregister(asyncSignal.number());
            async.close();
        }
    }
}
