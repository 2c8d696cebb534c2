package org.kvmbeans.machine;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.legacy.Serial16550;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.definition.NicDefinition;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.machine.device.VmDisk;
import org.kvmbeans.machine.device.VmNic;
import org.kvmbeans.virtio.spi.RateLimits;

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
    private final MachineParts parts;
    private final Board.Frame frame;
    private final List<LifecycleListener> listeners = new CopyOnWriteArrayList<>();

    /** The one operation that it lets through changes the fields below. */
    private final OperationGate gate = new OperationGate(() -> definition().name());

    private volatile VmState state = VmState.STOPPED;
    private volatile StopReason stopReason = StopReason.NONE;
    private volatile String lastError = "";
    private volatile long startedNanos;
    private final AtomicLong resetsTotal = new AtomicLong();
    private volatile int debugExitStatus = -1;
    private volatile @Nullable Board board;

    /** A stopped machine that forgets changes of its definition; it takes nothing from the host until it is started. */
    public VirtualMachine(VmDefinition definition, MachineServices services) {
        this(definition, services, changed -> {});
    }

    /**
     * A stopped machine; it takes nothing from the host until it is started.
     *
     * @param keeper keeps a changed definition for good before an operation that changes it returns; where it throws, the
     *     operation fails and nothing has changed
     */
    public VirtualMachine(VmDefinition definition, MachineServices services, Consumer<VmDefinition> keeper) {
        this.parts = new MachineParts(definition, keeper);
        this.frame = new Board.Frame(parts, services, new Serial16550Slot(), new BoardEvents());
    }

    /** The present definition: operations that add, remove and limit devices change it. */
    public VmDefinition definition() {
        return parts.definition();
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

    /** The vCPUs that are plugged in, by id. */
    public List<Vcpu> vcpus() {
        return parts.vcpus();
    }

    /** The devices on the PCI bus: those of the definition, and those that the guest has still to give back. */
    public List<VmDevice> devices() {
        return Collections.unmodifiableList(parts.devices());
    }

    /** The first serial port. */
    public Serial16550 serial() {
        return frame.com1().device();
    }

    public void addListener(LifecycleListener listener) {
        listeners.add(listener);
    }

    /** Hears of devices and vCPUs that come, go and fail. */
    public void addListener(MachineListener listener) {
        parts.addListener(listener);
    }

    /** Switches the machine on; returns when its vCPUs run. A failure leaves it stopped, and nothing behind. */
    public void start() {
        gate.operation("start", () -> {
            require("start", state == VmState.STOPPED || state == VmState.CRASHED, "power it off first");
            stopReason = StopReason.NONE;
            lastError = "";
            resetsTotal.set(0);
            debugExitStatus = -1;
            parts.monitors().forEach(Vcpu::startCounting);
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
        gate.operation("pause", () -> {
            require("pause", state == VmState.RUNNING, "only a running VM can be paused");
            powered().pause();
            change("paused", VmState.PAUSED, "");
        });
    }

    /** Lets a paused machine go on. */
    public void resume() {
        gate.operation("resume", () -> {
            require("resume", state == VmState.PAUSED, "only a paused VM can be resumed");
            parts.devices().forEach(VmDevice::resuming);
            powered().resume();
            change("resumed", VmState.RUNNING, "");
        });
    }

    /** Presses the ACPI power button; a guest that listens powers itself off. */
    public void shutdown() {
        gate.operation("shutdown", () -> {
            require("shutdown", state == VmState.RUNNING, "only a running VM can hear its power button");
            powered().pressPowerButton();
        });
    }

    /** Presses the reset button: memory is cleared and the kernel booted again. A paused machine runs afterwards. */
    public void reset() {
        gate.operation("reset", () -> {
            require("reset", state == VmState.RUNNING || state == VmState.PAUSED, "start it instead");
            resetBoard("by the operator");
        });
    }

    /** Pulls the plug. */
    public void powerOff() {
        gate.operation("powerOff", () -> {
            require("powerOff", state == VmState.RUNNING || state == VmState.PAUSED, "it is off already");
            switchOff(StopReason.OPERATOR_POWER_OFF, VmState.STOPPED, "");
        });
    }

    /** Pulls the plug because the host goes down: waits for an operation in progress, does nothing where it is off. */
    public void hostShutdown() {
        gate.event("hostShutdown", () -> {
            if (board != null) {
                switchOff(StopReason.HOST_SHUTDOWN, VmState.STOPPED, "");
            }
        });
    }

    /**
     * Adds a disk to the definition, and to the guest where one runs.
     *
     * @throws IllegalArgumentException where the name is taken
     * @throws IllegalStateException where there is no room, or the host does not give the image
     */
    public void addDisk(DiskDefinition disk) {
        gate.operation("addDisk", () -> parts.addDisk(disk, board));
    }

    /** Adds a NIC to the definition, and to the guest where one runs; as {@link #addDisk}. */
    public void addNic(NicDefinition nic) {
        gate.operation("addNic", () -> parts.addNic(nic, board));
    }

    /**
     * Removes a disk from the definition; a guest that runs is asked to give it back, and keeps it until it does.
     *
     * @throws IllegalArgumentException where there is no such disk
     */
    public void removeDisk(String name) {
        gate.operation("removeDisk", () -> parts.remove(parts.device(name, VmDisk.class, "disk"), board));
    }

    /** Removes a NIC; as {@link #removeDisk}. */
    public void removeNic(String name) {
        gate.operation("removeNic", () -> parts.remove(parts.device(name, VmNic.class, "NIC"), board));
    }

    /** Limits what a disk may move, at once and in the definition. */
    public void limitDisk(String name, RateLimits limits) {
        gate.operation("limitDisk", () -> {
            VmDisk disk = parts.device(name, VmDisk.class, "disk");
            parts.changeDevices(devices -> devices.with(disk.definition().withLimits(limits)));
            disk.limit(limits);
        });
    }

    /**
     * Keeps in the definition that a disk has another image: it goes on with that one at once, or has it when the machine is
     * started.
     *
     * @throws IllegalStateException where another operation on the machine is under way, or the definition cannot be kept
     */
    public void moveDisk(String name, Path path, DiskFormat format) {
        gate.operation("moveDisk", () -> {
            VmDisk disk = parts.device(name, VmDisk.class, "disk");
            parts.changeDevices(devices -> devices.with(disk.definition().withImage(path, format)));
            disk.movedTo(path, format);
        });
    }

    /**
     * Limits what a NIC may move, at once and in the definition.
     *
     * @throws IllegalStateException where the kernel serves the NIC, whose vhost knows no limits
     */
    public void limitNic(String name, RateLimits transmit, RateLimits receive) {
        gate.operation("limitNic", () -> {
            VmNic nic = parts.device(name, VmNic.class, "NIC");
            nic.requireLimitable();
            parts.changeDevices(devices -> devices.with(nic.definition().withLimits(transmit, receive)));
            nic.limit(transmit, receive);
        });
    }

    /**
     * Changes how many vCPUs there are, 1 to the definition's maxVcpus. A guest that runs finds new ones at once; those to
     * be removed it is asked to give back, and has until it does.
     */
    public void changeVcpuCount(int count) {
        gate.operation("changeVcpuCount", () -> {
            require("changeVcpuCount", state != VmState.PAUSED, "resume it first");
            parts.changeVcpuCount(count, board);
        });
    }

    /** Ends the life of a stopped machine: every operation is refused from now on. */
    public void retire() {
        gate.operation("undefine", () -> {
            require("undefine", state == VmState.STOPPED || state == VmState.CRASHED, "power it off first");
            gate.retire();
        });
    }

    private void require(String operation, boolean fits, String instead) {
        if (!fits) {
            throw new IllegalStateException(
                    "VM " + definition().name() + " is " + state + ": " + operation + " does not fit; " + instead);
        }
    }

    private Board powered() {
        Board current = board;
        if (current == null) {
            throw new IllegalStateException("VM " + definition().name() + " is " + state + " without a board");
        }
        return current;
    }

    /** What boards raise; an event of one that is gone means nothing any more. */
    private final class BoardEvents implements Board.Listener {
        @Override
        public void raised(Board source, GuestEvent event) {
            handle(source, "the guest's " + event.kind(), () -> end(event));
        }

        private void end(GuestEvent event) {
            switch (event.kind()) {
                case RESET -> resetBoard("by the guest");
                case POWER_OFF -> switchOff(StopReason.GUEST_POWER_OFF, VmState.STOPPED, event.detail());
                case DEBUG_EXIT -> switchOff(StopReason.GUEST_DEBUG_EXIT, VmState.STOPPED, event.detail());
                case TRIPLE_FAULT -> switchOff(StopReason.GUEST_TRIPLE_FAULT, VmState.CRASHED, event.detail());
                case VMM_ERROR -> switchOff(StopReason.VMM_ERROR, VmState.CRASHED, event.detail());
            }
        }

        @Override
        public void debugExit(int status) {
            debugExitStatus = status;
        }

        @Override
        public void ejected(Board source, VmDevice device) {
            handle(source, "the removal of " + device.name(), () -> parts.ejected(device, source));
        }

        @Override
        public void ejectedVcpu(Board source, int index) {
            handle(source, "the removal of vCPU " + index, () -> parts.ejectedVcpu(index, source));
        }

        @Override
        public void stopWanted(Board source, String why) {
            handle(source, "a pause", () -> {
                if (state == VmState.RUNNING) {
                    lastError = why;
                    source.pause();
                    change("paused", VmState.PAUSED, why);
                }
            });
        }

        private void handle(Board source, String what, Runnable work) {
            gate.event(what, () -> {
                try {
                    if (source == board) {
                        work.run();
                    }
                } catch (RuntimeException e) {
                    // Nobody waits for an answer here: state and last error tell what failed.
                    lastError = message(e);
                }
            });
        }
    }

    private void resetBoard(String by) {
        try {
            powered().close();
            parts.settle();
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
        parts.settle();
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
