package org.kvmbeans.machine;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.kvmbeans.stream.CharacterPort;
import org.kvmbeans.stream.OutputChunk;

/** A person at a guest's serial port or virtio console: reads until something is said, and types. */
public final class GuestConsole {
    private static final int CHUNK_BYTES = 65_536;
    private static final long WAIT_MILLIS = 200;

    private final VirtualMachine vm;
    private final CharacterPort port;
    private final StringBuilder heard = new StringBuilder();
    private long position;

    /** Sits down at the serial port; what it said before is not heard. */
    public GuestConsole(VirtualMachine vm) {
        this(vm, vm.serial(), vm.serial().bytesTransmitted());
    }

    /** Sits down at a port, and hears what it has said from {@code position} on. */
    public GuestConsole(VirtualMachine vm, CharacterPort port, long position) {
        this.vm = vm;
        this.port = port;
        this.position = position;
    }

    /** Reads on until the guest has said {@code text}, and forgets what was heard up to it. */
    public String await(String text, long seconds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        int found = heard.indexOf(text);
        while (found < 0) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the guest did not say \"" + text + "\" within " + seconds + " s; state "
                        + vm.state() + " " + vm.lastError() + "; it said:\n" + heard);
            }
            OutputChunk chunk = port.readFrom(position, CHUNK_BYTES, WAIT_MILLIS);
            position = chunk.endPosition();
            heard.append(new String(chunk.data(), StandardCharsets.ISO_8859_1));
            found = heard.indexOf(text);
        }
        String before = heard.substring(0, found + text.length());
        heard.delete(0, found + text.length());
        return before;
    }

    public void type(String line) {
        port.offerInput((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** All that was said until now, and forgets it. */
    public String drain() {
        OutputChunk chunk;
        do {
            chunk = port.readFrom(position, CHUNK_BYTES, 0);
            position = chunk.endPosition();
            heard.append(new String(chunk.data(), StandardCharsets.ISO_8859_1));
        } while (chunk.data().length > 0);
        String all = heard.toString();
        heard.setLength(0);
        return all;
    }
}
