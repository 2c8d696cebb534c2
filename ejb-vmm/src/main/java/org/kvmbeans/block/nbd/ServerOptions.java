package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Options of a client and a server's replies ("Option haggling"). Used by one thread. */
final class ServerOptions {
    /** As many options as anybody has a use for. */
    private static final int MAX_OPTIONS = 256;

    private static final int MAX_OPTION_BYTES = 64 << 10;

    private final WireInput input;
    private Wire wire;
    private int taken;

    ServerOptions(Wire wire, WireInput input) {
        this.wire = wire;
        this.input = input;
    }

    /**
     * An option.
     *
     * @param number NBD_OPT_…
     * @param data of it, until the next one is taken
     */
    record Option(int number, ByteBuffer data) {
        /** Takes a string with its length before it; null where there is none, or it is none. */
        @Nullable
        String takeString() {
            if (data.remaining() < Integer.BYTES) {
                return null;
            }
            int length = data.getInt();
            if (length < 0 || length > Math.min(Nbd.MAX_STRING_BYTES, data.remaining())) {
                return null;
            }
            ByteBuffer bytes = data.slice(data.position(), length);
            data.position(data.position() + length);
            return string(bytes);
        }

        /** All of the data as a string; null where it is none. */
        @Nullable
        String wholeString() {
            return data.remaining() > Nbd.MAX_STRING_BYTES ? null : string(data.duplicate());
        }

        @Nullable
        private static String string(ByteBuffer bytes) {
            try {
                String text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
                return text.indexOf(0) >= 0 ? null : text;
            } catch (CharacterCodingException e) {
                return null;
            }
        }
    }

    WireInput input() {
        return input;
    }

    /** Goes on inside TLS. */
    void enter(Wire inner) throws ProtocolException {
        input.enter(inner);
        wire = inner;
    }

    void send(ByteBuffer data) throws IOException {
        wire.write(new ByteBuffer[] {data}, 1);
    }

    /** The next option; waits for it. */
    Option next() throws IOException {
        taken++;
        if (taken > MAX_OPTIONS) {
            throw new ProtocolException("more than " + MAX_OPTIONS + " options");
        }
        input.require(Nbd.OPTION_BYTES);
        ByteBuffer buffer = input.buffer();
        long magic = buffer.getLong();
        int number = buffer.getInt();
        int length = buffer.getInt();
        if (magic != Nbd.OPTION_MAGIC || length < 0 || length > MAX_OPTION_BYTES) {
            throw new ProtocolException("no option: magic 0x" + Long.toHexString(magic) + ", "
                    + Integer.toUnsignedString(length) + " bytes");
        }
        if (length > 0) {
            input.require(length);
        }
        ByteBuffer data = buffer.slice(buffer.position(), length);
        buffer.position(buffer.position() + length);
        return new Option(number, data);
    }

    /** A reply without data, or with a message. */
    void reply(Option option, int type, String message) throws IOException {
        reply(option, type, StandardCharsets.UTF_8.encode(message));
    }

    void reply(Option option, int type, ByteBuffer data) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(Nbd.OPTION_REPLY_BYTES)
                .putLong(Nbd.OPTION_REPLY_MAGIC)
                .putInt(option.number())
                .putInt(type)
                .putInt(data.remaining())
                .flip();
        wire.write(new ByteBuffer[] {header, data}, 2);
    }
}
