package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Options that a client asks for, one after the other, and the server's replies ("Option haggling"). */
final class ClientOptions {
    /** As many replies as one option may have; a server that has no end of them is none. */
    private static final int MAX_REPLIES = 256;

    private static final int MAX_REPLY_BYTES = 64 << 10;

    private final String name;
    private final WireInput input;
    private Wire wire;
    private String refusal = "";

    ClientOptions(String name, Wire wire, WireInput input) {
        this.name = name;
        this.wire = wire;
        this.input = input;
    }

    /** What takes the replies before the last. */
    @FunctionalInterface
    interface Replies {
        void accept(Reply reply) throws IOException;
    }

    /**
     * A reply.
     *
     * @param type NBD_REP_…
     * @param data of the reply, which lasts until it has been accepted
     */
    record Reply(int type, ByteBuffer data) {}

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

    void sendOption(int option, ByteBuffer data) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(Nbd.OPTION_BYTES)
                .putLong(Nbd.OPTION_MAGIC)
                .putInt(option)
                .putInt(data.remaining())
                .flip();
        wire.write(new ByteBuffer[] {header, data}, 2);
    }

    /**
     * Asks for an option.
     *
     * @return the type of the last reply: NBD_REP_ACK, or an error that {@link #requireAck} puts into words
     */
    int ask(int option, ByteBuffer data, Replies replies) throws IOException {
        sendOption(option, data);
        for (int i = 0; i < MAX_REPLIES; i++) {
            input.require(Nbd.OPTION_REPLY_BYTES);
            ByteBuffer buffer = input.buffer();
            long magic = buffer.getLong();
            int echoed = buffer.getInt();
            int type = buffer.getInt();
            int length = buffer.getInt();
            if (magic != Nbd.OPTION_REPLY_MAGIC || echoed != option) {
                throw new ProtocolException("no reply to option " + option + ": magic 0x" + Long.toHexString(magic)
                        + ", option " + Integer.toUnsignedString(echoed));
            }
            if (length < 0 || length > MAX_REPLY_BYTES) {
                throw new ProtocolException("a reply to option " + option + " of " + Integer.toUnsignedString(length)
                        + " bytes; " + MAX_REPLY_BYTES + " are the most");
            }
            if (length > 0) {
                input.require(length);
            }
            ByteBuffer reply = buffer.slice(buffer.position(), length);
            buffer.position(buffer.position() + length);
            if (type == Nbd.REP_ACK) {
                return type;
            }
            if ((type & Nbd.REP_FLAG_ERROR) != 0) {
                refusal = StandardCharsets.UTF_8.decode(reply).toString();
                return type;
            }
            replies.accept(new Reply(type, reply));
        }
        throw new ProtocolException("more than " + MAX_REPLIES + " replies to option " + option);
    }

    /** @throws DiskImageException where the last reply was an error */
    void requireAck(int type, String what) throws DiskImageException {
        if (type == Nbd.REP_ACK) {
            return;
        }
        Kind kind = switch (type) {
            case Nbd.REP_ERR_UNKNOWN -> Kind.NOT_FOUND;
            case Nbd.REP_ERR_POLICY, Nbd.REP_ERR_TLS_REQD -> Kind.DENIED;
            case Nbd.REP_ERR_SHUTDOWN -> Kind.IO_ERROR;
            default -> Kind.UNSUPPORTED;
        };
        String why = switch (type) {
            case Nbd.REP_ERR_UNKNOWN -> "the server has no such export";
            case Nbd.REP_ERR_POLICY -> "the server does not let this client have it";
            case Nbd.REP_ERR_TLS_REQD -> "the server gives it to clients with TLS alone; begin the address with nbds";
            case Nbd.REP_ERR_SHUTDOWN -> "the server is shutting down";
            default -> "the server refuses it with error " + (type & ~Nbd.REP_FLAG_ERROR);
        };
        throw new DiskImageException(
                kind,
                name,
                what + ": " + why + (refusal.isEmpty() ? "" : "; it says " + ProtocolException.quoted(refusal)));
    }
}
