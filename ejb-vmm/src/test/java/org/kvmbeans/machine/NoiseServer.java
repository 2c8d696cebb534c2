package org.kvmbeans.machine;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The host's end of streams over TCP: noise, the same {@value #NOISE_BYTES} bytes over and over, each of them compared.
 * Their number is odd, so that no size of a packet or buffer divides it.
 */
final class NoiseServer implements AutoCloseable {
    static final int NOISE_BYTES = (8 << 20) - 57;

    private static final int ACCEPT_MILLIS = 60_000;
    private static final long SEED = 0x6B766D6265616E73L;

    private final byte[] noise = new byte[NOISE_BYTES];
    private final ServerSocket listener;
    private final LongSupplier exits;

    /**
     * @param address one of the host's, to listen at
     * @param exits counts what a transfer should not cause
     */
    NoiseServer(String address, LongSupplier exits) throws IOException {
        this.exits = exits;
        new Random(SEED).nextBytes(noise);
        listener = new ServerSocket();
        listener.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        listener.setSoTimeout(ACCEPT_MILLIS);
    }

    String address() {
        return listener.getInetAddress().getHostAddress();
    }

    int port() {
        return listener.getLocalPort();
    }

    /**
     * What one connection carried.
     *
     * @param exits how many were counted from the first byte to the last
     */
    record Transfer(long bytes, long nanos, long exits) {
        @Override
        public String toString() {
            return "%d bytes at %.1f MiB/s, %d exits"
                    .formatted(bytes, (double) bytes / (1 << 20) * TimeUnit.SECONDS.toNanos(1) / nanos, exits);
        }
    }

    /** Sends the next connection the noise so many times. */
    CompletableFuture<Transfer> send(int times) {
        return inBackground(() -> {
            try (Socket socket = listener.accept()) {
                long exitsBefore = exits.getAsLong();
                long started = System.nanoTime();
                for (int i = 0; i < times; i++) {
                    socket.getOutputStream().write(noise);
                }
                socket.shutdownOutput();
                // The guest closes when it has read all.
                if (socket.getInputStream().read() >= 0) {
                    throw new AssertionError("the guest sent something");
                }
                return new Transfer(
                        (long) times * NOISE_BYTES, System.nanoTime() - started, exits.getAsLong() - exitsBefore);
            }
        });
    }

    /** Reads the next connection to its end: the noise so many times, and nothing else. */
    CompletableFuture<Transfer> receive(int times) {
        return inBackground(() -> {
            try (Socket socket = listener.accept()) {
                long exitsBefore = exits.getAsLong();
                long started = System.nanoTime();
                long bytes = compareAll(socket.getInputStream());
                if (bytes != (long) times * NOISE_BYTES) {
                    throw new AssertionError(bytes + " bytes came, not " + (long) times * NOISE_BYTES);
                }
                return new Transfer(bytes, System.nanoTime() - started, exits.getAsLong() - exitsBefore);
            }
        });
    }

    private long compareAll(InputStream in) throws IOException {
        byte[] buffer = new byte[1 << 18];
        long bytes = 0;
        int position = 0;
        while (true) {
            int read = in.read(buffer, 0, Math.min(buffer.length, NOISE_BYTES - position));
            if (read < 0) {
                return bytes;
            }
            int difference = Arrays.mismatch(buffer, 0, read, noise, position, position + read);
            if (difference >= 0) {
                throw new AssertionError(
                        "byte " + (bytes + difference) + " of the stream is not the one that was sent");
            }
            bytes += read;
            position = (position + read) % NOISE_BYTES;
        }
    }

    private static CompletableFuture<Transfer> inBackground(Callable<Transfer> work) {
        CompletableFuture<Transfer> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        result.complete(work.call());
                    } catch (Exception | AssertionError e) {
                        result.completeExceptionally(e);
                    }
                },
                "noise");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
