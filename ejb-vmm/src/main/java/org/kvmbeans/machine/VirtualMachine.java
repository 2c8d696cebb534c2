package org.kvmbeans.machine;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.legacy.Serial16550;
import org.kvmbeans.machine.definition.VmDefinition;

/**
 * A virtual machine from its definition to its retirement.
 *
 * <p>Operations may be called from any thread; one at a time is carried out, and another one is refused after a moment. An
 * operation that does not fit the state throws {@link IllegalStateException} and says what would fit. Readings never wait.
 *
 * <table>
 *   <caption>Which operation fits which state</caption>
 *   <tr><th>operation</th><th>from</th><th>to</th></tr>
 *   <tr><td>start</td><td>STOPPED, CRASHED</td><td>STARTING, then RUNNING; STOPPED where it fails</td></tr>
 *   <tr><td>pause</td><td>RUNNING</td><td>PAUSED</td></tr>
 *   <tr><td>resume</td><td>PAUSED</td><td>RUNNING</td></tr>
 *   <tr><td>shutdown</td><td>RUNNING</td><td>RUNNING, until the guest powers off</td></tr>
 *   <tr><td>reset</td><td>RUNNING, PAUSED</td><td>RUNNING</td></tr>
 *   <tr><td>powerOff</td><td>RUNNING, PAUSED</td><td>STOPPING, then STOPPED</td></tr>
 *   <tr><td>retire</td><td>STOPPED, CRASHED</td><td>the same, for good</td></tr>
 * </table>
 */
public final class VirtualMachine {
    /** How long an operation waits for another one to end before it is refused. */
    private static final long MOMENT_MILLIS = 100;

    private final VmDefinition definition;
    private final Board.Frame frame;
    private final List<LifecycleListener> listeners = new CopyOnWriteArrayList<>();

    /** Held by the one operation that is carried out; guards changes of the fields below. */
    private final ReentrantLock operationLock = new ReentrantLock();

    private volatile String operationInProgress = "";
    private volatile VmState state = VmState.STOPPED;
    private volatile StopReason stopReason = StopReason.NONE;
    private volatile String lastError = "";
    private volatile long startedNanos;
    private final AtomicLong resetsTotal = new AtomicLong();
    private volatile int debugExitStatus = -1;
    private volatile @Nullable Board board;
    private volatile boolean retired;

    /** A stopped machine; it takes nothing from the host until it is started. */
    public VirtualMachine(VmDefinition definition, MachineServices services) {
        this.definition = definition;
        List<Vcpu> vcpus =
                IntStream.range(0, definition.vcpus()).mapToObj(Vcpu::new).toList();
        Board.Listener listener = new Board.Listener() {
            @Override
            public void raised(Board source, GuestEvent event) {
                guestRaised(source, event);
            }

            @Override
            public void debugExit(int status) {
                debugExitStatus = status;
            }
        };
        this.frame = new Board.Frame(definition, services, vcpus, new Serial16550Slot(), listener);
    }

    public VmDefinition definition() {
        return definition;
    }

    public VmState state() {
        return state;
    }

    /** Why it last stopped; {@link StopReason#NONE} while it runs and before. */
    public StopReason stopReason() {
        return stopReason;
    }

    /** What went wrong last, as a sentence; empty since the last start that went well. */
    public String lastError() {
        return lastError;
    }

    /** Milliseconds since the start; 0 when stopped. */
    public long uptimeMillis() {
        return board == null ? 0 : TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    }

    /** Bytes of guest memory that the host has backed with pages. */
    public long memoryResidentBytes() {
        Board current = board;
        return current == null ? 0 : current.residentBytes();
    }

    /** Resets since the start. */
    public long resetsTotal() {
        return resetsTotal.get();
    }

    /** What the guest last wrote to isa-debug-exit since the start; -1 when nothing. */
    public int debugExitStatus() {
        return debugExitStatus;
    }

    /** The vCPUs by id. */
    public List<Vcpu> vcpus() {
        return frame.vcpus();
    }

    /** The first serial port. */
    public Serial16550 serial() {
        return frame.com1().device();
    }

    public void addListener(LifecycleListener listener) {
        listeners.add(listener);
    }

    /** Switches the machine on; returns when its vCPUs run. A failure leaves it stopped, and nothing behind. */
    public void start() {
        operation("start", () -> {
            require("start", state == VmState.STOPPED || state == VmState.CRASHED, "power it off first");
            stopReason = StopReason.NONE;
            lastError = "";
            resetsTotal.set(0);
            debugExitStatus = -1;
            frame.vcpus().forEach(Vcpu::startCounting);
            change("starting", VmState.STARTING, "");
            startedNanos = System.nanoTime();
            try {
                board = Board.powerOn(frame);
            } catch (RuntimeException | Error e) {
                stopped(StopReason.START_FAILED, VmState.STOPPED, message(e));
                throw e;
            }
            change("started", VmState.RUNNING, "");
        });
    }

    /** Stops every vCPU where it is; returns when all are out of the guest. */
    public void pause() {
        operation("pause", () -> {
            require("pause", state == VmState.RUNNING, "only a running VM can be paused");
            powered().pause();
            change("paused", VmState.PAUSED, "");
        });
    }

    /** Lets a paused machine go on. */
    public void resume() {
        operation("resume", () -> {
            require("resume", state == VmState.PAUSED, "only a paused VM can be resumed");
            powered().resume();
            change("resumed", VmState.RUNNING, "");
        });
    }

    /** Presses the ACPI power button; a guest that listens powers itself off. */
    public void shutdown() {
        operation("shutdown", () -> {
            require("shutdown", state == VmState.RUNNING, "only a running VM can hear its power button");
            powered().pressPowerButton();
        });
    }

    /** Presses the reset button: memory is cleared and the kernel booted again. A paused machine runs afterwards. */
    public void reset() {
        operation("reset", () -> {
            require("reset", state == VmState.RUNNING || state == VmState.PAUSED, "start it instead");
            resetBoard("by the operator");
        });
    }

    /** Pulls the plug. */
    public void powerOff() {
        operation("powerOff", () -> {
            require("powerOff", state == VmState.RUNNING || state == VmState.PAUSED, "it is off already");
            switchOff(StopReason.OPERATOR_POWER_OFF, VmState.STOPPED, "");
        });
    }

    /** Pulls the plug because the host goes down: waits for an operation in progress, does nothing where it is off. */
    public void hostShutdown() {
        operationLock.lock();
        try {
            if (board != null) {
                switchOff(StopReason.HOST_SHUTDOWN, VmState.STOPPED, "");
            }
        } finally {
            operationLock.unlock();
        }
    }

    /** Ends the life of a stopped machine: every operation is refused from now on. */
    public void retire() {
        operation("undefine", () -> {
            require("undefine", state == VmState.STOPPED || state == VmState.CRASHED, "power it off first");
            retired = true;
        });
    }

    private void operation(String name, Runnable work) {
        if (!lockSoon()) {
            throw new IllegalStateException("VM " + definition.name() + " is busy with " + operationInProgress + "; "
                    + name + " was not done: try again when that has ended");
        }
        try {
            if (retired) {
                throw new IllegalStateException("VM " + definition.name() + " is no longer defined: define it again");
            }
            operationInProgress = name;
            work.run();
        } finally {
            operationLock.unlock();
        }
    }

    /** The moment between a state that can be seen and the end of the operation that led to it refuses nobody. */
    private boolean lockSoon() {
        try {
            return operationLock.tryLock(MOMENT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void require(String operation, boolean fits, String instead) {
        if (!fits) {
            throw new IllegalStateException(
                    "VM " + definition.name() + " is " + state + ": " + operation + " does not fit; " + instead);
        }
    }

    private Board powered() {
        Board current = board;
        if (current == null) {
            throw new IllegalStateException("VM " + definition.name() + " is " + state + " without a board");
        }
        return current;
    }

    /** What a vCPU's thread raised; an event of a board that is gone means nothing any more. */
    private void guestRaised(Board source, GuestEvent event) {
        operationLock.lock();
        try {
            if (source != board) {
                return;
            }
            operationInProgress = "the guest's " + event.kind();
            switch (event.kind()) {
                case RESET -> resetBoard("by the guest");
                case POWER_OFF -> switchOff(StopReason.GUEST_POWER_OFF, VmState.STOPPED, event.detail());
                case DEBUG_EXIT -> switchOff(StopReason.GUEST_DEBUG_EXIT, VmState.STOPPED, event.detail());
                case TRIPLE_FAULT -> switchOff(StopReason.GUEST_TRIPLE_FAULT, VmState.CRASHED, event.detail());
                case VMM_ERROR -> switchOff(StopReason.VMM_ERROR, VmState.CRASHED, event.detail());
            }
        } catch (RuntimeException e) {
            // Nobody waits for an answer here: state and last error tell what failed.
            lastError = message(e);
        } finally {
            operationLock.unlock();
        }
    }

    private void resetBoard(String by) {
        try {
            powered().close();
            board = Board.powerOn(frame);
        } catch (RuntimeException | Error e) {
            board = null;
            stopped(StopReason.START_FAILED, VmState.CRASHED, "reset failed: " + message(e));
            throw e;
        }
        resetsTotal.incrementAndGet();
        change("reset", VmState.RUNNING, by);
    }

    private void switchOff(StopReason reason, VmState end, String detail) {
        change("stopping", VmState.STOPPING, detail);
        try {
            powered().close();
            board = null;
        } catch (RuntimeException | Error e) {
            board = null;
            stopped(StopReason.VMM_ERROR, VmState.CRASHED, message(e));
            throw e;
        }
        stopped(reason, end, detail);
    }

    private void stopped(StopReason reason, VmState end, String detail) {
        stopReason = reason;
        if (end == VmState.CRASHED || reason == StopReason.START_FAILED) {
            lastError = detail;
        }
        change(end == VmState.CRASHED ? "crashed" : "stopped", end, detail);
    }

    private void change(String what, VmState next, String detail) {
        VmState previous = state;
        state = next;
        LifecycleChange change = new LifecycleChange(this, what, previous, next, stopReason, detail);
        listeners.forEach(listener -> listener.changed(change));
    }

    private static String message(Throwable e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message;
    }
}
