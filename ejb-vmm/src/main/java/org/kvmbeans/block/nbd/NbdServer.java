package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.Posix;

/**
 * Offers images to other programs and hosts (NBD protocol document, fixed newstyle): read, write, flush, trim, zeroes and
 * block status of base:allocation. The old style is never spoken.
 *
 * <p>A server without certificates trusts whoever reaches its address: it listens on the loopback interface or a UNIX socket
 * unless it is told otherwise. All methods may be called from any thread.
 */
public final class NbdServer implements AutoCloseable {
    private static final int BACKLOG = 64;
    private static final int MAX_THREADS = 64;
    private static final Duration FAREWELL = Duration.ofSeconds(10);

    private final Posix posix;
    private final NbdServerOptions options;
    private final ServerSocketChannel listener;
    private final NbdAddress address;
    private final BufferPool pool;
    private final ThreadPoolExecutor threads;
    private final Thread acceptor;
    private final AtomicLong refusedClients = new AtomicLong();
    // The rest belongs to whoever holds this object's monitor.
    private final Map<String, ServedExport> exports = new LinkedHashMap<>();
    private final Set<ServerClient> clients = new LinkedHashSet<>();
    private NbdStatistics past = NbdStatistics.NONE;
    private boolean stopped;
    private long clientNumber;

    private NbdServer(Posix posix, NbdServerOptions options, ServerSocketChannel listener) throws IOException {
        this.posix = posix;
        this.options = options;
        this.listener = listener;
        pool = new BufferPool(posix);
        address = options.address() instanceof NbdAddress.Tcp tcp
                ? new NbdAddress.Tcp(tcp.host(), ((InetSocketAddress) listener.getLocalAddress()).getPort())
                : options.address();
        int most = (int) Math.min(MAX_THREADS, (long) options.maxClients() * options.parallelRequests());
        threads = new ThreadPoolExecutor(
                0,
                most,
                10,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                task -> daemon(task, "nbd-request"),
                // A client's reader then does the work itself, and reads no further meanwhile.
                new ThreadPoolExecutor.CallerRunsPolicy());
        acceptor = daemon(this::accept, "nbd-accept");
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Begins to listen; clients find nothing until {@link #export}.
     *
     * @throws DiskImageException where the address cannot be used, saying why
     */
    public static NbdServer start(Posix posix, NbdServerOptions options) throws DiskImageException {
        NbdAddress address = options.address();
        try {
            if (address instanceof NbdAddress.Unix unix) {
                removeLeftSocket(unix);
            }
            ServerSocketChannel listener = address.listen(BACKLOG);
            try {
                if (address instanceof NbdAddress.Unix unix) {
                    Files.setPosixFilePermissions(Path.of(unix.path()), PosixFilePermissions.fromString("rw-------"));
                }
                NbdServer server = new NbdServer(posix, options, listener);
                server.acceptor.start();
                return server;
            } catch (IOException | RuntimeException e) {
                listener.close();
                throw e;
            }
        } catch (DiskImageException e) {
            throw e;
        } catch (IOException e) {
            throw new DiskImageException(
                    Kind.DENIED, address.toString(), "it cannot be listened at: " + e.getMessage());
        }
    }

    /** A server that was killed leaves its socket behind, at which nobody listens. */
    private static void removeLeftSocket(NbdAddress.Unix address) throws IOException {
        Path path = Path.of(address.path());
        boolean isSocket = Files.exists(path)
                && !Files.isRegularFile(path)
                && !Files.isDirectory(path)
                && !Files.isSymbolicLink(path);
        if (!isSocket) {
            return;
        }
        try (SocketChannel probe = address.openChannel()) {
            probe.connect(address.toSocketAddress());
        } catch (IOException e) {
            Files.deleteIfExists(path);
            return;
        }
        throw new DiskImageException(Kind.LOCKED, address.path(), "another server listens there");
    }

    /** Where it listens, with the port that it has got. */
    public NbdAddress address() {
        return address;
    }

    /** The address of an export, as clients are told it. */
    public NbdUri uri(String export) {
        return new NbdUri(address, export, options.tls() != null, null);
    }

    /**
     * Offers an image.
     *
     * @throws IllegalArgumentException where another export has the name
     * @throws IllegalStateException once stopped
     */
    public synchronized void export(NbdExport export) {
        if (stopped) {
            throw new IllegalStateException("the NBD server at " + address + " was stopped");
        }
        if (exports.putIfAbsent(export.name(), new ServedExport(export)) != null) {
            throw new IllegalArgumentException("there is an export '" + export.name() + "' already");
        }
    }

    /**
     * Offers an image no longer: its clients' requests in progress are answered, their connections closed. When this returns
     * nothing uses the image.
     *
     * @return false where there is no such export
     */
    public boolean unexport(String name) {
        ServedExport served;
        synchronized (this) {
            served = exports.get(name);
        }
        if (served == null) {
            return false;
        }
        served.close();
        farewell(List.of(served));
        synchronized (this) {
            if (exports.remove(name, served)) {
                past = past.plus(served.statistics());
            }
        }
        return true;
    }

    private void farewell(List<ServedExport> ended) {
        List<ServerClient> leaving;
        synchronized (this) {
            leaving = clients.stream()
                    .filter(client -> ended.stream().anyMatch(client::uses))
                    .toList();
        }
        leaving.forEach(ServerClient::end);
        // Those who do not read their replies would keep it up.
        Future<?> limit = Watch.after(FAREWELL, () -> leaving.forEach(ServerClient::abort));
        ended.forEach(ServedExport::awaitUnused);
        limit.cancel(false);
    }

    /** The names of what is offered. */
    public synchronized List<String> exportNames() {
        return List.copyOf(exports.keySet());
    }

    /** What was done since the server began, for exports that are gone too. */
    public synchronized NbdStatistics statistics() {
        NbdStatistics total = past;
        for (ServedExport served : exports.values()) {
            total = total.plus(served.statistics());
        }
        return total;
    }

    /**
     * What was done with an export.
     *
     * @throws IllegalArgumentException where there is none of this name
     */
    public synchronized NbdStatistics statistics(String export) {
        ServedExport served = exports.get(export);
        if (served == null) {
            throw new IllegalArgumentException("there is no export '" + export + "'; there are " + exports.keySet());
        }
        return served.statistics();
    }

    /** Connections that were closed at once, as there were as many as may be. */
    public long refusedClients() {
        return refusedClients.get();
    }

    /** The clients that are connected. */
    public synchronized List<NbdClientInfo> clients() {
        return clients.stream().map(ServerClient::info).toList();
    }

    private synchronized List<ServedExport> served() {
        return new ArrayList<>(exports.values());
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel channel = listener.accept();
                if (!begin(channel)) {
                    refusedClients.incrementAndGet();
                    Closing.quietly(channel);
                }
            } catch (IOException e) {
                if (!listener.isOpen()) {
                    return;
                }
                // No descriptor left, perhaps: a client that goes gives one back.
                pauseAfterFailure();
            }
        }
    }

    private static void pauseAfterFailure() {
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
    }

    private boolean begin(SocketChannel channel) throws IOException {
        ServerClient client;
        synchronized (this) {
            if (stopped || clients.size() >= options.maxClients()) {
                return false;
            }
            client = new ServerClient(posix, options, channel, this::served, pool, threads);
            clients.add(client);
            clientNumber++;
            daemon(() -> serve(client), "nbd-client-" + clientNumber).start();
        }
        return true;
    }

    private void serve(ServerClient client) {
        try {
            client.run();
        } finally {
            synchronized (this) {
                clients.remove(client);
                notifyAll();
            }
        }
    }

    /**
     * Ends: listens no longer, answers the requests in progress, closes the connections. When this returns nothing uses the
     * images. Idempotent.
     */
    public void stop() {
        List<ServedExport> all;
        List<ServerClient> connected;
        synchronized (this) {
            stopped = true;
            all = new ArrayList<>(exports.values());
            connected = List.copyOf(clients);
        }
        Closing.quietly(listener);
        if (address instanceof NbdAddress.Unix unix) {
            removeSocket(unix);
        }
        all.forEach(ServedExport::close);
        connected.forEach(ServerClient::end);
        Future<?> limit = Watch.after(FAREWELL, () -> connected.forEach(ServerClient::abort));
        all.forEach(ServedExport::awaitUnused);
        awaitClients();
        limit.cancel(false);
        threads.shutdown();
    }

    private static void removeSocket(NbdAddress.Unix address) {
        try {
            Files.deleteIfExists(Path.of(address.path()));
        } catch (IOException e) {
            // Whoever listens there next removes it.
            assert e != null;
        }
    }

    private synchronized void awaitClients() {
        boolean interrupted = false;
        while (!clients.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** As {@link #stop}. */
    @Override
    public void close() {
        stop();
    }
}
