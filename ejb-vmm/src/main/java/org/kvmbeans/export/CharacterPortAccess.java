package org.kvmbeans.export;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.VmState;
import org.kvmbeans.mbeans.SerialOutput;
import org.kvmbeans.stream.CharacterPort;
import org.kvmbeans.stream.OutputChunk;

/** Text in and out of a serial or console port, with what a management client gives checked first. */
final class CharacterPortAccess {
    private static final int MAX_READ_BYTES = 1 << 20;
    private static final long MAX_WAIT_MILLIS = 30_000;
    /** In UTF-8, the bytes of a character after its first are 10xxxxxx. */
    private static final int CONTINUATION_MASK = 0xC0;

    private static final int CONTINUATION = 0x80;
    private static final int MAX_CONTINUATION_BYTES = 3;

    private final VirtualMachine vm;
    private final CharacterPort port;

    CharacterPortAccess(VirtualMachine vm, CharacterPort port) {
        this.vm = vm;
        this.port = port;
    }

    void write(@Nullable String text) {
        if (text == null) {
            throw new IllegalArgumentException("text is null; give a text");
        }
        VmState state = vm.state();
        if (state != VmState.RUNNING && state != VmState.PAUSED) {
            throw new IllegalStateException(
                    "VM " + vm.definition().name() + " is " + state + ": nobody reads its ports; start it first");
        }
        if (text.length() > port.inputCapacityBytes()) {
            throw new IllegalArgumentException("text has " + text.length() + " characters; give at most "
                    + port.inputCapacityBytes() + " bytes at a time");
        }
        port.offerInput(text.getBytes(StandardCharsets.UTF_8));
    }

    String tail(int bytes) {
        requireRange("bytes", bytes, 1, MAX_READ_BYTES);
        byte[] tail = port.tail(bytes);
        int start = 0;
        while (start < Math.min(tail.length, MAX_CONTINUATION_BYTES)
                && (tail[start] & CONTINUATION_MASK) == CONTINUATION) {
            start++; // the rest of a character whose beginning was cut off
        }
        return PlainText.of(new String(tail, start, tail.length - start, StandardCharsets.UTF_8));
    }

    SerialOutput readFrom(long position, int maxBytes, long waitMillis) {
        requireRange("maxBytes", maxBytes, 1, MAX_READ_BYTES);
        requireRange("waitMillis", waitMillis, 0, MAX_WAIT_MILLIS);
        OutputChunk chunk = port.readFrom(position, maxBytes, waitMillis);
        return new SerialOutput(chunk.startPosition(), chunk.endPosition(), chunk.data());
    }

    private static void requireRange(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " is " + value + "; give " + least + " to " + most);
        }
    }
}
