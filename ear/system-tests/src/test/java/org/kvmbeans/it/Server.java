package org.kvmbeans.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * The server of the build, started by its own script with a home, ports and output of its own: one for all tests, which
 * get it as a parameter.
 */
final class Server implements AutoCloseable {
    static final String ADMIN = "admin:admin-password";
    static final String OPERATOR = "oscar:operator:password";
    static final String VIEWER = "vera:viewer-password";

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path script;
    private final Path folder;
    private final int httpPort = freePort();
    private final int httpsPort = freePort();
    private final int jolokiaPort = freePort();

    private Server() throws IOException, InterruptedException {
        script = Path.of(System.getProperty("kvmbeans.ear.folder"), "scripts", "server");
        folder = Files.createTempDirectory(Path.of(System.getProperty("kvmbeans.test.folder")), "server");
        if (!Files.isWritable(Path.of("/dev/kvm"))) {
            throw new IllegalStateException("/dev/kvm is missing or may not be used: these tests run virtual machines");
        }
        writeForOwner("credentials", ADMIN + "\n" + OPERATOR + "\n" + VIEWER + "\n");
        writeForOwner("roles", "oscar:kvmbeans-operator\n");
        runScript("start");
    }

    private void writeForOwner(String name, String content) throws IOException {
        Path file = Files.createDirectories(folder.resolve("home")).resolve(name);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, content);
    }

    private void runScript(String action) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(script.toString(), action);
        builder.environment()
                .putAll(Map.of(
                        "KVMBEANS_HOME", folder.resolve("home").toString(),
                        "WLP_OUTPUT_DIR", folder.resolve("output").toString(),
                        "KVMBEANS_HTTP_PORT", String.valueOf(httpPort),
                        "KVMBEANS_HTTPS_PORT", String.valueOf(httpsPort),
                        "KVMBEANS_JOLOKIA_PORT", String.valueOf(jolokiaPort),
                        "KVMBEANS_JVM_OPTS", "-XX:TieredStopAtLevel=1"));
        Path log = folder.resolve(action + ".log");
        Process process =
                builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (!process.waitFor(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        if (process.waitFor() != 0) {
            throw new IllegalStateException(script + " " + action + ": " + Files.readString(log));
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** A file of the tests that the server can read. */
    Path file(String name) {
        return folder.resolve(name);
    }

    /** What the server has logged so far. */
    String log() throws IOException {
        return Files.readString(folder.resolve("output/kvmbeans/logs/messages.log"));
    }

    String metrics() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + "/metrics"))
                .build();
        return http.send(request, BodyHandlers.ofString()).body();
    }

    /** A GET of Jolokia, by {@code user:password}, with more headers as name and value. */
    HttpResponse<String> jolokiaGet(String login, String path, String... headers)
            throws IOException, InterruptedException {
        return http.send(jolokiaRequest(login, path, headers).build(), BodyHandlers.ofString());
    }

    /** A POST of one request, or an array of them. */
    JsonNode jolokia(String login, Object request) throws IOException, InterruptedException {
        HttpRequest post = jolokiaRequest(login, "")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(request)))
                .build();
        return JSON.readTree(http.send(post, BodyHandlers.ofString()).body());
    }

    JsonNode read(String login, String mbean, String attribute) throws IOException, InterruptedException {
        return jolokia(login, Map.of("type", "read", "mbean", mbean, "attribute", attribute));
    }

    JsonNode exec(String login, String mbean, String operation, Object... arguments)
            throws IOException, InterruptedException {
        return jolokia(login, Map.of("type", "exec", "mbean", mbean, "operation", operation, "arguments", arguments));
    }

    private HttpRequest.Builder jolokiaRequest(String login, String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + jolokiaPort + "/jolokia/" + path));
        if (!login.isEmpty()) {
            String token = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
            request.header("Authorization", "Basic " + token);
        }
        return headers.length == 0 ? request : request.headers(headers);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        runScript("stop");
    }

    /** Gives the tests the server, started for the first of them and stopped after the last. */
    static final class Shared implements ParameterResolver {
        private static final ExtensionContext.Namespace OURS = ExtensionContext.Namespace.create(Server.class);

        private record Holder(Server server) implements AutoCloseable {
            @Override
            public void close() throws IOException, InterruptedException {
                server.close();
            }
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Server.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            Holder holder = context.getRoot()
                    .getStore(OURS)
                    .getOrComputeIfAbsent(Holder.class, key -> new Holder(start()), Holder.class);
            return holder.server();
        }

        private static Server start() {
            try {
                return new Server();
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException("the server did not start", e);
            }
        }
    }
}
