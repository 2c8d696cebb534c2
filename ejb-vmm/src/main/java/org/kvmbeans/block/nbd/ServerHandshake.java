package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server's way from a connection to the transmission phase ("Fixed newstyle negotiation"). Where the server has
 * certificates, nothing but TLS and farewell is talked of before TLS ("FORCEDTLS"). Used once, by one thread; the caller limits
 * its time.
 */
final class ServerHandshake {
    /** The number of base:allocation, the one context there is. */
    static final int ALLOCATION_CONTEXT = 1;

    private static final int READ_AHEAD_BYTES = 256 << 10;
    private static final int SMALLEST_PREFERRED = 4096;

    private final @Nullable NbdTls tls;
    private final Supplier<List<ServedExport>> exports;
    private final ServerOptions exchange;
    private Wire wire;
    private boolean fixed;
    private boolean noZeroes;
    private boolean secured;
    private boolean structured;
    /** The export for which base:allocation was agreed upon. */
    private @Nullable String contextExport;

    /**
     * What was agreed upon.
     *
     * @param export that the client may use; it has not entered yet
     */
    record Agreed(Wire wire, WireInput input, ServedExport export, boolean structured, boolean allocationContext) {}

    /** @param exports what there is at present */
    ServerHandshake(Wire plain, @Nullable NbdTls tls, Supplier<List<ServedExport>> exports) {
        this.tls = tls;
        this.exports = exports;
        wire = plain;
        exchange = new ServerOptions(plain, new WireInput(plain, READ_AHEAD_BYTES));
    }

    /**
     * Negotiates.
     *
     * @return null where the client goes away again, having asked for a list for instance
     */
    @Nullable
    Agreed run() throws IOException {
        greet();
        while (true) {
            ServerOptions.Option option = exchange.next();
            if (!fixed && option.number() != Nbd.OPT_EXPORT_NAME) {
                throw new ProtocolException("an option of a client that did not agree to the fixed newstyle");
            }
            switch (option.number()) {
                case Nbd.OPT_ABORT -> {
                    exchange.reply(option, Nbd.REP_ACK, "");
                    return null;
                }
                case Nbd.OPT_EXPORT_NAME -> {
                    return exportName(option);
                }
                case Nbd.OPT_STARTTLS -> startTls(option);
                default -> {
                    if (tls != null && !secured) {
                        exchange.reply(option, Nbd.REP_ERR_TLS_REQD, "this server serves inside TLS alone");
                    } else {
                        ServedExport chosen = answer(option);
                        if (chosen != null) {
                            return agreed(chosen);
                        }
                    }
                }
            }
        }
    }

    private void greet() throws IOException {
        exchange.send(ByteBuffer.allocate(2 * Long.BYTES + Short.BYTES)
                .putLong(Nbd.INIT_MAGIC)
                .putLong(Nbd.OPTION_MAGIC)
                .putShort((short) (Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES))
                .flip());
        exchange.input().require(Integer.BYTES);
        int flags = exchange.input().buffer().getInt();
        if ((flags & ~(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES)) != 0) {
            throw new ProtocolException("unknown flags of the client: 0x" + Integer.toHexString(flags));
        }
        fixed = (flags & Nbd.FLAG_FIXED_NEWSTYLE) != 0;
        noZeroes = (flags & Nbd.FLAG_NO_ZEROES) != 0;
    }

    private void startTls(ServerOptions.Option option) throws IOException {
        if (tls == null) {
            exchange.reply(option, Nbd.REP_ERR_UNSUP, "this server has no certificates");
        } else if (secured || option.data().hasRemaining()) {
            exchange.reply(option, Nbd.REP_ERR_INVALID, "TLS is begun once, without data");
        } else {
            exchange.reply(option, Nbd.REP_ACK, "");
            // The order matters: what the client sent too early must not be read as if TLS had protected it.
            exchange.input().enter(wire);
            wire = wire.secured(tls.serverEngine());
            exchange.enter(wire);
            secured = true;
        }
    }

    /** The export, where the option chose one. */
    private @Nullable ServedExport answer(ServerOptions.Option option) throws IOException {
        switch (option.number()) {
            case Nbd.OPT_LIST -> list(option);
            case Nbd.OPT_STRUCTURED_REPLY -> {
                boolean valid = !structured && !option.data().hasRemaining();
                structured |= valid;
                exchange.reply(option, valid ? Nbd.REP_ACK : Nbd.REP_ERR_INVALID, "");
            }
            case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT -> contexts(option);
            case Nbd.OPT_INFO -> info(option);
            case Nbd.OPT_GO -> {
                return info(option);
            }
            default -> exchange.reply(option, Nbd.REP_ERR_UNSUP, "");
        }
        return null;
    }

    private void list(ServerOptions.Option option) throws IOException {
        if (option.data().hasRemaining()) {
            exchange.reply(option, Nbd.REP_ERR_INVALID, "a list is asked for without data");
            return;
        }
        for (ServedExport served : exports.get()) {
            if (served.export().allows(wire.peerName())) {
                byte[] name = served.export().name().getBytes(StandardCharsets.UTF_8);
                byte[] description = served.export().description().getBytes(StandardCharsets.UTF_8);
                exchange.reply(
                        option,
                        Nbd.REP_SERVER,
                        ByteBuffer.allocate(Integer.BYTES + name.length + description.length)
                                .putInt(name.length)
                                .put(name)
                                .put(description)
                                .flip());
            }
        }
        exchange.reply(option, Nbd.REP_ACK, "");
    }

    private @Nullable ServedExport find(@Nullable String name) {
        for (ServedExport served : exports.get()) {
            if (served.export().name().equals(name) && served.export().allows(wire.peerName())) {
                return served;
            }
        }
        return null;
    }

    /** "NBD_OPT_SET_META_CONTEXT": the export, the number of queries, the queries. */
    private void contexts(ServerOptions.Option option) throws IOException {
        boolean set = option.number() == Nbd.OPT_SET_META_CONTEXT;
        if (set) {
            contextExport = null;
        }
        String name = option.takeString();
        int queries = name != null && option.data().remaining() >= Integer.BYTES
                ? option.data().getInt()
                : -1;
        if (queries < 0 || (set && !structured)) {
            exchange.reply(option, Nbd.REP_ERR_INVALID, "an export and queries are needed, after structured replies");
            return;
        }
        boolean wanted = !set && queries == 0;
        for (int i = 0; i < queries; i++) {
            String query = option.takeString();
            if (query == null) {
                exchange.reply(option, Nbd.REP_ERR_INVALID, "a query is missing");
                return;
            }
            wanted |= query.equals(Nbd.BASE_ALLOCATION) || (!set && query.equals("base:"));
        }
        if (option.data().hasRemaining()) {
            exchange.reply(option, Nbd.REP_ERR_INVALID, "something follows the queries");
            return;
        }
        if (find(name) == null) {
            exchange.reply(option, Nbd.REP_ERR_UNKNOWN, "there is no such export");
            return;
        }
        if (wanted) {
            byte[] context = Nbd.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
            exchange.reply(
                    option,
                    Nbd.REP_META_CONTEXT,
                    ByteBuffer.allocate(Integer.BYTES + context.length)
                            .putInt(set ? ALLOCATION_CONTEXT : 0)
                            .put(context)
                            .flip());
            contextExport = set ? name : contextExport;
        }
        exchange.reply(option, Nbd.REP_ACK, "");
    }

    /** "NBD_OPT_INFO and NBD_OPT_GO": the export, the number of items of information, the items. */
    private @Nullable ServedExport info(ServerOptions.Option option) throws IOException {
        String name = option.takeString();
        ByteBuffer data = option.data();
        int items = name != null && data.remaining() >= Short.BYTES ? data.getShort() & 0xFFFF : -1;
        if (items < 0 || data.remaining() != items * Short.BYTES) {
            exchange.reply(option, Nbd.REP_ERR_INVALID, "an export and what to know of it are needed");
            return null;
        }
        ServedExport served = find(name);
        if (served == null) {
            exchange.reply(option, Nbd.REP_ERR_UNKNOWN, "there is no such export");
            return null;
        }
        exchange.reply(
                option,
                Nbd.REP_INFO,
                ByteBuffer.allocate(2 * Short.BYTES + Long.BYTES)
                        .putShort((short) Nbd.INFO_EXPORT)
                        .putLong(served.export().image().sizeBytes())
                        .putShort((short) served.flags())
                        .flip());
        for (int i = 0; i < items; i++) {
            int item = data.getShort() & 0xFFFF;
            switch (item) {
                case Nbd.INFO_NAME -> text(option, item, served.export().name());
                case Nbd.INFO_DESCRIPTION -> text(option, item, served.export().description());
                case Nbd.INFO_BLOCK_SIZE -> blockSizes(option, served);
                default -> {
                    // "The server SHOULD … ignore" what it does not know.
                    continue;
                }
            }
        }
        exchange.reply(option, Nbd.REP_ACK, "");
        return served;
    }

    private void text(ServerOptions.Option option, int item, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.reply(
                option,
                Nbd.REP_INFO,
                ByteBuffer.allocate(Short.BYTES + bytes.length)
                        .putShort((short) item)
                        .put(bytes)
                        .flip());
    }

    private void blockSizes(ServerOptions.Option option, ServedExport served) throws IOException {
        int block = served.export().image().geometry().blockBytes();
        int optimal = served.export().image().geometry().optimalIoBytes();
        boolean usable = Integer.bitCount(optimal) == 1 && optimal >= block && optimal <= Nbd.MAX_PAYLOAD_BYTES;
        exchange.reply(
                option,
                Nbd.REP_INFO,
                ByteBuffer.allocate(Short.BYTES + 3 * Integer.BYTES)
                        .putShort((short) Nbd.INFO_BLOCK_SIZE)
                        .putInt(block)
                        .putInt(usable ? optimal : Math.max(block, SMALLEST_PREFERRED))
                        .putInt(Nbd.MAX_PAYLOAD_BYTES)
                        .flip());
    }

    /** The old way to choose, which knows no refusal but the end of the connection. */
    private @Nullable Agreed exportName(ServerOptions.Option option) throws IOException {
        ServedExport served = tls != null && !secured ? null : find(option.wholeString());
        if (served == null) {
            return null;
        }
        ByteBuffer reply = ByteBuffer.allocate(Long.BYTES + Short.BYTES + Nbd.RESERVED_BYTES)
                .putLong(served.export().image().sizeBytes())
                .putShort((short) served.flags());
        int length = noZeroes ? reply.position() : reply.capacity();
        exchange.send(reply.position(0).limit(length));
        return agreed(served);
    }

    private Agreed agreed(ServedExport served) {
        boolean context = served.export().name().equals(contextExport);
        return new Agreed(wire, exchange.input(), served, structured, structured && context);
    }

    /** The client's name by its certificate; empty before TLS. */
    String peerName() {
        return wire.peerName();
    }
}
