package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Where a server listens: a TCP port or a UNIX socket. */
public sealed interface NbdAddress {
    /**
     * A TCP port.
     *
     * @param host name or address, without brackets
     * @param port 1 to 65535; 0 lets a server choose one
     */
    record Tcp(String host, int port) implements NbdAddress {
        public Tcp {
            if (host.isEmpty() || port < 0 || port > 0xFFFF) {
                throw new IllegalArgumentException(
                        "'" + host + "' port " + port + ": a host and a port of 1 to 65535 are needed");
            }
        }

        @Override
        public SocketAddress toSocketAddress() {
            return new InetSocketAddress(host, port);
        }

        @Override
        public String toString() {
            return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
        }
    }

    /**
     * A UNIX socket.
     *
     * @param path of the socket
     */
    record Unix(String path) implements NbdAddress {
        @Override
        public SocketAddress toSocketAddress() {
            return UnixDomainSocketAddress.of(path);
        }

        @Override
        public String toString() {
            return path;
        }
    }

    /** The address as the JDK has it; names are looked up. */
    SocketAddress toSocketAddress();

    /** A channel that is not connected yet. */
    default SocketChannel openChannel() throws IOException {
        return this instanceof Unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    }

    /** A channel that listens. */
    default ServerSocketChannel listen(int backlog) throws IOException {
        ServerSocketChannel channel = this instanceof Unix
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                : ServerSocketChannel.open().setOption(StandardSocketOptions.SO_REUSEADDR, true);
        try {
            return channel.bind(toSocketAddress(), backlog);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Sets what connections need: no waiting for more bytes to send, and notice of peers that are gone. */
    static void prepare(SocketChannel channel) throws IOException {
        if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
    }
}
