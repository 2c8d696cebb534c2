package org.kvmbeans.export;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.legacy.Serial16550;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.mbeans.SerialOutput;
import org.kvmbeans.mbeans.SerialPortMXBean;

/** A VM's first serial port for its operators. */
final class SerialPortBean implements SerialPortMXBean {
    static final String NAME = "com1";

    private final Serial16550 port;
    private final CharacterPortAccess access;

    SerialPortBean(VirtualMachine vm) {
        this.port = vm.serial();
        this.access = new CharacterPortAccess(vm, port);
    }

    @Override
    public String getName() {
        return NAME;
    }

    @Override
    public long getBytesReceived() {
        return port.bytesReceived();
    }

    @Override
    public long getBytesTransmitted() {
        return port.bytesTransmitted();
    }

    @Override
    public int getInputPendingBytes() {
        return port.inputPendingBytes();
    }

    @Override
    public int getInputCapacityBytes() {
        return port.inputCapacityBytes();
    }

    @Override
    public void write(@Nullable String text) {
        access.write(text);
    }

    @Override
    public String tail(int bytes) {
        return access.tail(bytes);
    }

    @Override
    public SerialOutput readFrom(long position, int maxBytes, long waitMillis) {
        return access.readFrom(position, maxBytes, waitMillis);
    }
}
