package org.kvmbeans.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import javax.net.ssl.SSLException;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * A client's way from a connection to the transmission phase ("Fixed newstyle negotiation"): TLS, structured replies,
 * contexts, the export. Used once, by one thread.
 */
final class ClientHandshake {
    private static final int READ_AHEAD_BYTES = 256 << 10;

    private final NbdUri uri;
    private final NbdClientOptions options;
    private final ClientOptions exchange;
    private final ExportAnswers answers;
    private Wire wire;

    /** A connection in the transmission phase. */
    record Connected(Wire wire, WireInput input, ExportInfo export) {}

    private ClientHandshake(NbdUri uri, NbdClientOptions options, Wire plain) {
        this.uri = uri;
        this.options = options;
        wire = plain;
        exchange = new ClientOptions(uri.toString(), plain, new WireInput(plain, READ_AHEAD_BYTES));
        answers = new ExportAnswers(options.dirtyBitmap());
    }

    /**
     * Connects and negotiates.
     *
     * @throws DiskImageException where the server refuses, or offers what must not be accepted
     * @throws IOException where the connection fails or the server does not keep to the protocol
     */
    static Connected connect(NbdUri uri, NbdClientOptions options) throws IOException {
        SocketAddress address = uri.address().toSocketAddress();
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IOException("the host " + inet.getHostString() + " is unknown");
        }
        SocketChannel channel = uri.address().openChannel();
        Future<?> limit = Watch.after(options.connectTimeout(), () -> Closing.quietly(channel));
        boolean connected = false;
        try {
            channel.connect(address);
            NbdAddress.prepare(channel);
            Connected result = negotiate(uri, options, new PlainWire(channel));
            connected = limit.cancel(false);
            if (connected) {
                return result;
            }
            throw new ClosedChannelException();
        } catch (ClosedChannelException e) {
            throw new IOException("the server did not answer within " + options.connectTimeout(), e);
        } finally {
            limit.cancel(false);
            if (!connected) {
                Closing.quietly(channel);
            }
        }
    }

    /** Negotiates on a connection that is there; as {@link #connect}, but for the limit of time. */
    static Connected negotiate(NbdUri uri, NbdClientOptions options, Wire plain) throws IOException {
        return new ClientHandshake(uri, options, plain).run();
    }

    private Connected run() throws IOException {
        boolean noZeroes = greet();
        if (uri.tls()) {
            startTls();
        }
        boolean structured = exchange.ask(Nbd.OPT_STRUCTURED_REPLY, ByteBuffer.allocate(0), reply -> {}) == Nbd.REP_ACK;
        if (structured) {
            exchange.ask(Nbd.OPT_SET_META_CONTEXT, contexts(), answers::context);
        }
        int result = exchange.ask(Nbd.OPT_GO, exportRequest(), answers::info);
        if (result == Nbd.REP_ERR_UNSUP) {
            exportName(noZeroes);
        } else {
            exchange.requireAck(result, "the export " + ProtocolException.quoted(uri.export()));
        }
        return new Connected(wire, exchange.input(), answers.result(structured));
    }

    /** Reads the server's greeting and answers it; true where the reserved zeroes are left out. */
    private boolean greet() throws IOException {
        WireInput input = exchange.input();
        input.require(2 * Long.BYTES);
        if (input.buffer().getLong() != Nbd.INIT_MAGIC) {
            throw new ProtocolException("what listens there is no NBD server");
        }
        if (input.buffer().getLong() != Nbd.OPTION_MAGIC) {
            throw refused(
                    Kind.UNSUPPORTED, "the server speaks the old style of the protocol; the fixed newstyle is needed");
        }
        input.require(Short.BYTES);
        int flags = input.buffer().getShort();
        if ((flags & Nbd.FLAG_FIXED_NEWSTYLE) == 0) {
            throw refused(Kind.UNSUPPORTED, "the server speaks the first newstyle; the fixed newstyle is needed");
        }
        int common = flags & (Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES);
        exchange.send(ByteBuffer.allocate(Integer.BYTES).putInt(common).flip());
        return (common & Nbd.FLAG_NO_ZEROES) != 0;
    }

    private void startTls() throws IOException {
        NbdTls tls = options.tls();
        String name = uri.certificateName();
        if (tls == null || name == null) {
            throw refused(
                    Kind.DENIED,
                    tls == null
                            ? "it asks for TLS; certificates to trust are needed"
                            : "a UNIX socket has no name to check; add tls-hostname to its address");
        }
        int result = exchange.ask(Nbd.OPT_STARTTLS, ByteBuffer.allocate(0), reply -> {});
        if (result != Nbd.REP_ACK) {
            throw refused(
                    Kind.DENIED,
                    "the server offers no TLS, and the address asks for it; nothing was sent in the clear");
        }
        try {
            // The order matters: what the server sent too early must not be read as if TLS had protected it.
            exchange.input().enter(wire);
            wire = wire.secured(tls.clientEngine(name));
        } catch (SSLException e) {
            throw refused(Kind.DENIED, "TLS with the server, as " + name + ": " + e.getMessage());
        }
        exchange.enter(wire);
    }

    /** "NBD_OPT_SET_META_CONTEXT": the export, then the queries. */
    private ByteBuffer contexts() {
        String bitmap = options.dirtyBitmap();
        byte[] name = uri.export().getBytes(StandardCharsets.UTF_8);
        byte[] allocation = Nbd.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
        byte[] dirty = bitmap == null ? new byte[0] : (Nbd.DIRTY_BITMAP + bitmap).getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(4 * Integer.BYTES + name.length + allocation.length + dirty.length);
        data.putInt(name.length).put(name).putInt(bitmap == null ? 1 : 2);
        data.putInt(allocation.length).put(allocation);
        if (bitmap != null) {
            data.putInt(dirty.length).put(dirty);
        }
        return data.flip();
    }

    /** "NBD_OPT_GO": the export, then the information that is wanted. */
    private ByteBuffer exportRequest() {
        byte[] name = uri.export().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + name.length + 2 * Short.BYTES)
                .putInt(name.length)
                .put(name)
                .putShort((short) 1)
                .putShort((short) Nbd.INFO_BLOCK_SIZE)
                .flip();
    }

    /** The old way to name the export, to which a server that refuses ends the connection. */
    private void exportName(boolean noZeroes) throws IOException {
        exchange.sendOption(Nbd.OPT_EXPORT_NAME, ByteBuffer.wrap(uri.export().getBytes(StandardCharsets.UTF_8)));
        WireInput input = exchange.input();
        try {
            input.require(Long.BYTES + Short.BYTES);
        } catch (EOFException e) {
            throw refused(Kind.NOT_FOUND, "the server has no such export, or does not let this client have it");
        }
        answers.export(input.buffer().getLong(), input.buffer().getShort() & 0xFFFF);
        if (!noZeroes) {
            input.skip(Nbd.RESERVED_BYTES);
        }
    }

    private DiskImageException refused(Kind kind, String what) {
        return new DiskImageException(kind, uri.toString(), what);
    }
}
