package org.kvmbeans.machine;

import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.kvmbeans.kvm.ExitCounters;
import org.kvmbeans.kvm.ExitDecoder;
import org.kvmbeans.kvm.ExitHandler;
import org.kvmbeans.kvm.ExitReason;
import org.kvmbeans.kvm.KvmVcpu;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.Posix;

/**
 * The thread of one vCPU for one power cycle: the run loop, and the kick that brings it out of the guest.
 *
 * <p>The kick needs no signal handler, which a JVM would not like: the signal is blocked in the thread and opened only
 * inside KVM_RUN, which then comes back with EINTR and leaves the signal pending, to be taken by the thread. What it is to
 * do then stands in {@link #command}, written before the kick. {@code immediate_exit} closes the gap in which the thread
 * has read the command and not yet entered.
 */
final class VcpuThread {
    /** A real-time signal: neither the JVM nor glibc uses it. */
    static final int KICK_SIGNAL = 42;

    private static final long STACK_BYTES = 512 << 10;
    private static final int JOIN_MILLIS = 30_000;

    private enum Command {
        RUN,
        PAUSE,
        STOP
    }

    private final Posix posix;
    private final KvmVcpu vcpu;
    private final ExitDecoder decoder;
    private final ExitCounters counters;
    private final Consumer<Throwable> onFailure;
    private final Thread thread;

    /** Guards the fields below, but for reading volatile ones; notified when they change. */
    private final Object monitor = new Object();

    private volatile Command command = Command.RUN;
    private volatile int threadId;
    private volatile boolean parked;
    private volatile long finalCpuNanos;
    /** Whether no thread runs: true before the start too. */
    private boolean ended = true;

    /**
     * Makes the thread; {@link #start} runs it.
     *
     * @param onFailure called on the thread where the vCPU cannot go on; the thread ends afterwards
     */
    VcpuThread(
            Posix posix,
            String name,
            KvmVcpu vcpu,
            ExitHandler handler,
            ExitCounters counters,
            Consumer<Throwable> onFailure) {
        this.posix = posix;
        this.vcpu = vcpu;
        this.decoder = new ExitDecoder(vcpu, handler);
        this.counters = counters;
        this.onFailure = onFailure;
        this.thread = new Thread(null, this::run, name, STACK_BYTES);
        thread.setDaemon(true);
        thread.setContextClassLoader(VcpuThread.class.getClassLoader());
    }

    /** Starts the thread; returns when it can be kicked. */
    void start() {
        synchronized (monitor) {
            ended = false;
            thread.start();
            awaitUntil(() -> threadId != 0 || ended, "start");
        }
    }

    VcpuState state() {
        return threadId == 0 ? VcpuState.STOPPED : parked ? VcpuState.PAUSED : VcpuState.RUNNING;
    }

    int threadId() {
        return threadId;
    }

    long cpuNanos() {
        int id = threadId;
        long nanos = id == 0 ? -1 : posix.threadCpuNanos(id);
        return nanos < 0 ? finalCpuNanos : nanos;
    }

    /** Asks the vCPU to leave the guest and wait; does not wait for it. */
    void requestPause() {
        request(Command.PAUSE);
    }

    /** Waits until the vCPU is out of the guest. */
    void awaitPaused() {
        synchronized (monitor) {
            awaitUntil(() -> parked || ended, "leave the guest");
        }
    }

    /** Lets a paused vCPU go on. */
    void resume() {
        synchronized (monitor) {
            if (command == Command.PAUSE) {
                command = Command.RUN;
                monitor.notifyAll();
            }
        }
    }

    /** Asks the thread to end; does not wait for it. */
    void requestStop() {
        request(Command.STOP);
    }

    /** Waits until the thread has ended. */
    void awaitStopped() {
        synchronized (monitor) {
            awaitUntil(() -> ended, "end");
        }
    }

    private void request(Command wanted) {
        synchronized (monitor) {
            if (command != Command.STOP) {
                command = wanted;
            }
            // Only a thread that has not ended may be signalled; it cannot end while the monitor is held.
            if (threadId != 0) {
                vcpu.requestExit();
                posix.tgkill(threadId, KICK_SIGNAL);
            }
            monitor.notifyAll();
        }
    }

    private void run() {
        try {
            posix.blockSignal(KICK_SIGNAL);
            vcpu.openSignal(posix.signalMask(), KICK_SIGNAL);
            synchronized (monitor) {
                threadId = posix.gettid();
                monitor.notifyAll();
            }
            loop();
        } catch (RuntimeException | Error e) {
            onFailure.accept(e);
        } finally {
            synchronized (monitor) {
                finalCpuNanos = Math.max(0, posix.threadCpuNanos(posix.gettid()));
                threadId = 0;
                ended = true;
                monitor.notifyAll();
            }
            // The JVM unblocks all signals of a thread that ends, and a kick that is still pending would end the
            // process.
            takePendingKicks();
        }
    }

    private void loop() {
        while (true) {
            Command wanted = command;
            if (wanted == Command.STOP) {
                return;
            }
            if (wanted == Command.PAUSE) {
                park();
            } else {
                enterGuest();
            }
        }
    }

    /** One entry into the guest and the handling of its exit: the hot path. */
    private void enterGuest() {
        int result = vcpu.run();
        long leftGuest = System.nanoTime();
        ExitReason reason;
        if (result == 0) {
            reason = decoder.handle();
        } else if (result == -Errno.EINTR) {
            takeKick();
            reason = ExitReason.INTR;
        } else if (result == -Errno.EAGAIN) {
            return; // the vCPU has just been started by another one
        } else {
            throw new VcpuFailure(vcpu.id(), -result);
        }
        counters.record(reason, System.nanoTime() - leftGuest);
    }

    /** Real-time signals queue: there is one pending for each kick. */
    private void takePendingKicks() {
        int taken;
        do {
            taken = posix.takePendingSignal(KICK_SIGNAL);
        } while (taken == KICK_SIGNAL || taken == -Errno.EINTR);
    }

    private void takeKick() {
        takePendingKicks();
        vcpu.clearExitRequest();
        // Pairs with the order in request(): command, then immediate_exit. A command that came before the exit request
        // just cleared is seen by the loop.
        VarHandle.fullFence();
    }

    private void park() {
        synchronized (monitor) {
            parked = true;
            monitor.notifyAll();
            try {
                while (command == Command.PAUSE) {
                    monitor.wait();
                }
            } catch (InterruptedException e) {
                // Nobody but the JVM's end interrupts it.
                command = Command.STOP;
            } finally {
                parked = false;
            }
        }
    }

    private void awaitUntil(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + JOIN_MILLIS * 1_000_000L;
        boolean interrupted = false;
        while (!condition.getAsBoolean()) {
            long millis = (deadline - System.nanoTime()) / 1_000_000L;
            if (millis <= 0) {
                throw new IllegalStateException("vCPU " + vcpu.id() + " did not " + what + " within "
                        + JOIN_MILLIS / 1000 + " s: its thread hangs, see its stack in a thread dump");
            }
            try {
                monitor.wait(millis);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
