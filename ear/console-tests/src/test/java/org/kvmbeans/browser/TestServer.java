package org.kvmbeans.browser;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The server under test: one of its own, with a home that is thrown away, started once for all tests of the run; or one
 * that runs already at the address in the system property {@value #URL}, with the same three users and passwords.
 */
final class TestServer implements AutoCloseable {
    /** Address of the console of a server that runs already, for example {@code http://127.0.0.1:9080/console/}. */
    static final String URL = "kvmbeans.console.url";
    /** Credentials file of the server that {@link ConsoleLabIT} uses. */
    static final String CREDENTIALS = "kvmbeans.credentials";

    static final String PASSWORD = "test-password";

    private static final Duration START_TIME = Duration.ofMinutes(4);
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(TestServer.class);

    private final Path work;
    private final @Nullable Path script;
    private final Map<String, String> environment;
    private final URI console;

    /** A server that runs already. */
    private TestServer(URI console) throws IOException {
        work = Files.createTempDirectory("kvmbeans-console-it");
        script = null;
        environment = Map.of();
        this.console = console;
    }

    private TestServer(Path script) throws IOException, InterruptedException {
        this.script = script;
        work = Files.createTempDirectory("kvmbeans-console-it");
        int port = freePort();
        console = URI.create("http://127.0.0.1:" + port + "/console/");
        Path home = Files.createDirectory(
                work.resolve("home"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        writeUsers(home);
        environment = Map.of(
                "KVMBEANS_HOME", home.toString(),
                "WLP_OUTPUT_DIR", work.resolve("output").toString(),
                "KVMBEANS_HTTP_PORT", Integer.toString(port),
                "KVMBEANS_HTTPS_PORT", Integer.toString(freePort()),
                "KVMBEANS_JOLOKIA_PORT", "0",
                "KVMBEANS_JVM_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        run("start");
        try {
            awaitConsole();
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** The server of this run; started by the first who asks, stopped after the last test. */
    static TestServer shared(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(TestServer.class, key -> started(), TestServer.class);
    }

    private static TestServer started() {
        try {
            String running = System.getProperty(URL);
            return running == null
                    ? new TestServer(Path.of(System.getProperty("kvmbeans.server.script", "../scripts/server"))
                            .toAbsolutePath()
                            .normalize())
                    : new TestServer(URI.create(running));
        } catch (IOException e) {
            throw new IllegalStateException("the server does not start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the server started", e);
        }
    }

    /** Address of the console, ending in a slash. */
    URI console() {
        return console;
    }

    /** A folder that goes away with the server. */
    Path work() {
        return work;
    }

    @Override
    public void close() throws IOException {
        try {
            run("stop");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            try (Stream<Path> files = Files.walk(work)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void writeUsers(Path home) throws IOException {
        Path credentials = Files.createFile(
                home.resolve("credentials"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(credentials, List.of("admin:" + PASSWORD, "operator:" + PASSWORD, "viewer:" + PASSWORD));
        Files.write(home.resolve("roles"), List.of("operator:kvmbeans-operator", "viewer:kvmbeans-viewer"));
    }

    private void run(String verb) throws IOException, InterruptedException {
        if (script == null) {
            return;
        }
        Path output = work.resolve("server-" + verb + ".log");
        ProcessBuilder builder = new ProcessBuilder(script.toString(), verb)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(START_TIME.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(script + " " + verb + " did not end; it said: " + Files.readString(output));
        }
        if (process.exitValue() != 0) {
            throw new IOException(
                    script + " " + verb + " ended with " + process.exitValue() + ": " + Files.readString(output));
        }
    }

    private void awaitConsole() throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(console.resolve("login.html"))
                .timeout(Duration.ofSeconds(10))
                .build();
        Instant deadline = Instant.now().plus(START_TIME);
        String last = "nothing";
        while (Instant.now().isBefore(deadline)) {
            try {
                int status = client.send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode();
                if (status == 200) {
                    return;
                }
                last = "status " + status;
            } catch (IOException e) {
                last = e.toString();
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
        throw new IOException(console + " did not come up, last answer: " + last);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
