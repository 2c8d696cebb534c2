package org.kvmbeans.export;

import java.util.Optional;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.device.VmConsole;
import org.kvmbeans.mbeans.ConsolePortMXBean;
import org.kvmbeans.mbeans.SerialOutput;
import org.kvmbeans.stream.InputQueue;
import org.kvmbeans.virtio.console.ConsolePort;

/** A port of a VM's virtio console for its operators. What it keeps and counts is of one power cycle. */
final class ConsolePortBean implements ConsolePortMXBean {
    private final VirtualMachine machine;
    private final VmConsole console;
    private final String name;

    /** @param name one of the console's port names */
    ConsolePortBean(VirtualMachine machine, VmConsole console, String name) {
        this.machine = machine;
        this.console = console;
        this.name = name;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isGuestOpen() {
        return console.port(name).map(ConsolePort::isGuestOpen).orElse(false);
    }

    @Override
    public long getBytesReceived() {
        return count(ConsolePort::bytesReceived);
    }

    @Override
    public long getBytesTransmitted() {
        return count(ConsolePort::bytesTransmitted);
    }

    @Override
    public int getInputPendingBytes() {
        return (int) count(ConsolePort::inputPendingBytes);
    }

    @Override
    public int getInputCapacityBytes() {
        return InputQueue.CAPACITY_BYTES;
    }

    private long count(ToLongFunction<ConsolePort> value) {
        Optional<ConsolePort> port = console.port(name);
        return port.isEmpty() ? 0 : value.applyAsLong(port.get());
    }

    @Override
    public void write(@Nullable String text) {
        access().write(text);
    }

    @Override
    public String tail(int bytes) {
        return access().tail(bytes);
    }

    @Override
    public SerialOutput readFrom(long position, int maxBytes, long waitMillis) {
        return access().readFrom(position, maxBytes, waitMillis);
    }

    private CharacterPortAccess access() {
        ConsolePort port = console.port(name)
                .orElseThrow(() -> new IllegalStateException("VM "
                        + machine.definition().name() + " is off, and port " + name + " with it; start it first"));
        return new CharacterPortAccess(machine, port);
    }
}
