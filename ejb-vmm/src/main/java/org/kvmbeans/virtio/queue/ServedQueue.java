package org.kvmbeans.virtio.queue;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestAddressException;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;

/**
 * Serves one queue of a device on an event loop: kicks, batches, event suppression, interrupts, counters, latency.
 *
 * <p>The ring, its chains and the {@link Server} belong to the loop's thread; only {@link #kick}, {@link #resume} and
 * {@link #close} may be called from others. A thread that finishes requests elsewhere hands them over with
 * {@link EventLoop#execute}, several at once where it can, completes them there and calls {@link #publish} after the last.
 *
 * <p>Whatever goes wrong at the ring, a rule that the driver broke or an exception of the server, ends in
 * {@link DeviceContext#needsReset}: the queue then takes nothing more, and completions are forgotten.
 */
public final class ServedQueue implements AutoCloseable {
    /** Chains taken before the loop's other descriptors and tasks have a turn. */
    static final int BATCH = 64;

    private static final System.Logger LOG = System.getLogger(ServedQueue.class.getName());

    /** What a device does with the chains of a queue. Called on the loop's thread. */
    @FunctionalInterface
    public interface Server {
        /**
         * Serves one chain: completes it now, or keeps it and completes it later.
         *
         * @return false where it cannot be taken now, because requests are throttled or the back end is full: it is given
         *     back to the ring, and nothing more is asked for until {@link ServedQueue#resume}
         */
        boolean serve(ServedQueue queue, DescriptorChain chain);

        /**
         * No more chains come for now: what was only collected is to be handed on. What is completed here is shown to the
         * driver together with what was completed before.
         */
        default void batchEnds(ServedQueue queue) {}
    }

    private enum State {
        /** Not set up yet. */
        NEW,
        /** Chains are served as they come. */
        SERVING,
        /** The server refused one: kicks do nothing until it resumes. */
        HELD,
        /** Broken or closed: guest memory is not touched any more. */
        ENDED
    }

    private final DeviceContext context;
    private final QueueSetup setup;
    private final EventLoop loop;
    private final QueueCounters counters;
    private final Server server;
    private final Runnable look = this::look;
    private final AtomicBoolean lookPlanned = new AtomicBoolean();
    private final AtomicBoolean resumed = new AtomicBoolean();

    // The fields below belong to the loop's thread.

    private VirtQueue queue = NoQueue.INSTANCE;

    private State state = State.NEW;

    private @Nullable DescriptorChain beingServed;
    /** The latest reading of the clock: chains are stamped with it, so that each costs one reading and not two. */
    private long nowNanos;

    private ServedQueue(
            DeviceContext context, QueueSetup setup, EventLoop loop, QueueCounters counters, Server server) {
        this.context = context;
        this.setup = setup;
        this.loop = loop;
        this.counters = counters;
        this.server = server;
    }

    /**
     * Opens a ring and watches its kick; what the driver made available before is looked for at once. May be called from
     * any thread; the server hears of nothing before this queue is set up.
     *
     * @return a queue that serves nothing where the ring is not usable, which the context was told
     */
    public static ServedQueue open(
            DeviceContext context, QueueSetup setup, EventLoop loop, QueueCounters counters, Server server) {
        ServedQueue served = new ServedQueue(context, setup, loop, counters, server);
        loop.runAndWait(served::start);
        return served;
    }

    private void start() {
        try {
            queue = VirtQueues.open(context, setup);
            state = State.SERVING;
            loop.register(
                    setup.kick().number(), EventLoop.READABLE | EventLoop.EDGE_TRIGGERED, events -> notifiedByDriver());
        } catch (VirtQueueException | GuestAddressException | PosixException e) {
            fail(e);
            return;
        }
        kick();
    }

    /** The number of the queue in its device. */
    public int index() {
        return setup.index();
    }

    /** Looks at the ring as if the driver had notified. Any thread. */
    public void kick() {
        if (lookPlanned.compareAndSet(false, true)) {
            loop.execute(look);
        }
    }

    /** Looks at the ring again after the server refused a chain. Any thread. */
    public void resume() {
        resumed.set(true);
        kick();
    }

    private void notifiedByDriver() {
        counters.notified();
        serve();
    }

    private void look() {
        lookPlanned.set(false);
        if (resumed.getAndSet(false) && state == State.HELD) {
            state = State.SERVING;
        }
        serve();
    }

    /** One turn: a batch at most, however often the driver makes something available or takes it back. */
    private void serve() {
        if (state != State.SERVING) {
            return;
        }
        try {
            queue.disableNotifications();
            nowNanos = System.nanoTime();
            for (int i = 0; i < BATCH; i++) {
                DescriptorChain chain = queue.pop();
                if (chain == null) {
                    endBatch();
                    if (state != State.SERVING || !queue.enableNotifications()) {
                        return;
                    }
                    queue.disableNotifications();
                } else if (!serve(chain)) {
                    endBatch();
                    return;
                }
            }
            endBatch();
            kick();
        } catch (RuntimeException e) {
            fail(e);
        } catch (Error e) {
            fail(e);
            throw e;
        }
    }

    private void endBatch() {
        if (state != State.ENDED) {
            server.batchEnds(this);
            publish();
        }
    }

    /** Whether the next chain may be taken. */
    private boolean serve(DescriptorChain chain) {
        chain.takenAt(nowNanos);
        beingServed = chain;
        boolean accepted = server.serve(this, chain);
        if (state == State.ENDED) {
            return false;
        }
        if (!accepted) {
            beingServed = null;
            queue.undoPop(chain);
            state = State.HELD;
            return false;
        }
        if (beingServed != null) {
            beingServed = null;
            count(chain);
            nowNanos = System.nanoTime();
        }
        return true;
    }

    private void count(DescriptorChain chain) {
        if (!chain.isCounted()) {
            chain.markCounted();
            counters.accepted();
        }
    }

    /**
     * Gives a chain back to the driver, which sees it at the next {@link #publish}. Loop's thread.
     *
     * @param writtenBytes bytes written to the chain's writable part, counted from its start
     * @param bytesFromGuest bytes of data that the guest handed over, for the counters
     * @param bytesToGuest bytes of data that the guest was given, for the counters
     * @throws IllegalArgumentException where the chain has no room for {@code writtenBytes}
     * @throws IllegalStateException where the chain was completed before
     */
    public void complete(DescriptorChain chain, long writtenBytes, long bytesFromGuest, long bytesToGuest) {
        if (state == State.ENDED) {
            return;
        }
        count(chain);
        if (chain == beingServed) {
            beingServed = null;
        }
        if (push(chain, writtenBytes)) {
            nowNanos = System.nanoTime();
            counters.completed(bytesFromGuest, bytesToGuest);
            counters.latency().record(nowNanos - chain.takenNanos());
        }
    }

    private boolean push(DescriptorChain chain, long writtenBytes) {
        try {
            queue.push(chain, writtenBytes);
            return true;
        } catch (GuestAddressException e) {
            fail(e);
            return false;
        }
    }

    /**
     * Gives back a chain that holds a part of something larger, which {@link #completedParts} counts as one request when
     * all its chains are back. For chains from {@link #pop}; loop's thread.
     *
     * @param writtenBytes bytes written to the chain's writable part, counted from its start
     */
    public void completePart(DescriptorChain chain, long writtenBytes) {
        if (state != State.ENDED) {
            push(chain, writtenBytes);
        }
    }

    /**
     * Counts one request whose parts are back.
     *
     * @param startedNanos when serving it began, as {@link System#nanoTime}
     * @param bytesToGuest bytes of data that the guest was given
     * @return the present reading of the clock
     */
    public long completedParts(long startedNanos, long bytesToGuest) {
        nowNanos = System.nanoTime();
        counters.accepted();
        counters.completed(0, bytesToGuest);
        counters.latency().record(nowNanos - startedNanos);
        return nowNanos;
    }

    /** Shows the driver what was completed, and interrupts it where it wants to be. Loop's thread. */
    public void publish() {
        if (state == State.ENDED) {
            return;
        }
        try {
            if (queue.publish()) {
                counters.interrupted();
                setup.interrupt().signal();
            }
        } catch (GuestAddressException e) {
            fail(e);
        }
    }

    /**
     * Takes a chain outside of {@link Server#serve}: for devices that want buffers when they have data, and give them back
     * with {@link #completePart}. It is neither counted nor timed. Loop's thread.
     *
     * @return null where none is available: the driver then notifies of the next one, and the server is asked to serve it
     */
    public @Nullable DescriptorChain pop() {
        if (state == State.ENDED) {
            return null;
        }
        try {
            DescriptorChain chain = queue.pop();
            boolean cameMeanwhile = chain == null && queue.enableNotifications();
            if (cameMeanwhile) {
                chain = queue.pop();
            }
            if (chain == null) {
                state = State.SERVING;
                if (cameMeanwhile) {
                    kick();
                }
            } else {
                chain.takenAt(nowNanos);
            }
            return chain;
        } catch (VirtQueueException | GuestAddressException e) {
            fail(e);
            return null;
        }
    }

    /** Gives a chain from {@link #pop} back to the ring; several from the last one backwards. Loop's thread. */
    public void undoPop(DescriptorChain chain) {
        if (state != State.ENDED) {
            queue.undoPop(chain);
        }
    }

    /** Asks for a reset because of what the driver did in a request, which the ring cannot see. Loop's thread. */
    public void fail(String why) {
        if (end()) {
            context.needsReset("queue " + setup.index() + ": " + why);
        }
    }

    private void fail(Throwable cause) {
        boolean byDriver = cause instanceof VirtQueueException || cause instanceof GuestAddressException;
        if (!byDriver) {
            LOG.log(System.Logger.Level.ERROR, "queue " + setup.index() + " cannot be served", cause);
        }
        fail(byDriver ? String.valueOf(cause.getMessage()) : cause.toString());
    }

    /** Whether it had not ended before. */
    private boolean end() {
        if (state == State.ENDED) {
            return false;
        }
        state = State.ENDED;
        loop.unregister(setup.kick().number());
        return true;
    }

    /**
     * Stops watching; guest memory is not touched through this queue after it has returned. Any thread; idempotent.
     * Chains that are out are the device's to forget. A loop that has ended has closed its queues already.
     */
    @Override
    public void close() {
        loop.runAndWait(this::end);
    }
}
