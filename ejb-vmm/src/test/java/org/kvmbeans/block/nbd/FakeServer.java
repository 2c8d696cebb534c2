package org.kvmbeans.block.nbd;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that does what a test says, good or bad. Its connections come one after the other. */
final class FakeServer implements AutoCloseable {
    private final ServerSocket listener;
    private final Thread thread;
    private final AtomicInteger connections = new AtomicInteger();
    private volatile Socket current = new Socket();

    /** What it does with a connection, which is closed afterwards. */
    @FunctionalInterface
    interface Script {
        void run(DataInputStream in, DataOutputStream out, int connection) throws IOException;
    }

    /** A request of a client. */
    record Request(int flags, int command, long cookie, long offset, int length, ByteBuffer data) {}

    FakeServer(Script script) throws IOException {
        listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        thread = new Thread(() -> serve(script));
        thread.start();
    }

    private void serve(Script script) {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                current = socket;
                socket.setTcpNoDelay(true);
                script.run(
                        new DataInputStream(socket.getInputStream()),
                        new DataOutputStream(socket.getOutputStream()),
                        connections.getAndIncrement());
            } catch (IOException e) {
                // The client has gone, as many tests have it.
                assert e != null;
            }
        }
    }

    int connections() {
        return connections.get();
    }

    String uri() {
        return "nbd://127.0.0.1:" + listener.getLocalPort() + "/disk";
    }

    /** Negotiates like a server in its senses. */
    static void negotiate(DataInputStream in, DataOutputStream out, long size, int flags, boolean structured)
            throws IOException {
        out.writeLong(Nbd.INIT_MAGIC);
        out.writeLong(Nbd.OPTION_MAGIC);
        out.writeShort(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES);
        in.readInt();
        while (true) {
            in.readLong();
            int option = in.readInt();
            byte[] data = in.readNBytes(in.readInt());
            switch (option) {
                case Nbd.OPT_STRUCTURED_REPLY -> reply(out, option, structured ? Nbd.REP_ACK : Nbd.REP_ERR_UNSUP);
                case Nbd.OPT_SET_META_CONTEXT -> {
                    out.writeLong(Nbd.OPTION_REPLY_MAGIC);
                    out.writeInt(option);
                    out.writeInt(Nbd.REP_META_CONTEXT);
                    out.writeInt(Integer.BYTES + Nbd.BASE_ALLOCATION.length());
                    out.writeInt(1);
                    out.writeBytes(Nbd.BASE_ALLOCATION);
                    reply(out, option, Nbd.REP_ACK);
                }
                case Nbd.OPT_GO -> {
                    out.writeLong(Nbd.OPTION_REPLY_MAGIC);
                    out.writeInt(option);
                    out.writeInt(Nbd.REP_INFO);
                    out.writeInt(12);
                    out.writeShort(Nbd.INFO_EXPORT);
                    out.writeLong(size);
                    out.writeShort(Nbd.FLAG_HAS_FLAGS | flags);
                    reply(out, option, Nbd.REP_ACK);
                    return;
                }
                default -> throw new IOException("option " + option + " with " + data.length + " bytes");
            }
        }
    }

    static void reply(DataOutputStream out, int option, int type) throws IOException {
        out.writeLong(Nbd.OPTION_REPLY_MAGIC);
        out.writeInt(option);
        out.writeInt(type);
        out.writeInt(0);
    }

    static Request request(DataInputStream in) throws IOException {
        in.readInt();
        int flags = in.readUnsignedShort();
        int command = in.readUnsignedShort();
        long cookie = in.readLong();
        long offset = in.readLong();
        int length = in.readInt();
        return new Request(
                flags,
                command,
                cookie,
                offset,
                length,
                ByteBuffer.wrap(command == Nbd.CMD_WRITE ? in.readNBytes(length) : new byte[0]));
    }

    static void simple(DataOutputStream out, long cookie, int error) throws IOException {
        out.writeInt(Nbd.SIMPLE_REPLY_MAGIC);
        out.writeInt(error);
        out.writeLong(cookie);
    }

    static void chunk(DataOutputStream out, int flags, int type, long cookie, int length) throws IOException {
        out.writeInt(Nbd.STRUCTURED_REPLY_MAGIC);
        out.writeShort(flags);
        out.writeShort(type);
        out.writeLong(cookie);
        out.writeInt(length);
    }

    @Override
    public void close() throws Exception {
        listener.close();
        current.close();
        thread.join();
    }
}
