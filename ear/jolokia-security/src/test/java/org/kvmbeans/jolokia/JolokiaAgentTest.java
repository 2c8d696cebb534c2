package org.kvmbeans.jolokia;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jolokia.jvmagent.JolokiaServer;
import org.jolokia.jvmagent.JvmAgentConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The real agent with our authentication and policy, in front of an MBean that says what was called. */
class JolokiaAgentTest {
    /** Has the operations of all our MBeans together. */
    public interface AnyMXBean {
        long getExact();

        void setExact(long value);

        void start();

        void undefine();

        String tail(int bytes);

        void linkDown();

        void limit(long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations);

        void changeTarget(long bytes);

        void removeDisk(String disk);

        void resize(long bytes);

        void changeVcpuCount(int count);

        void cancel();

        void check();

        String read(long offset, int length);

        void defineSecret(String name, String value);

        void unheardOf();
    }

    private static final class Any implements AnyMXBean {
        @Override
        public long getExact() {
            return Long.MAX_VALUE;
        }

        @Override
        public void setExact(long value) {
            throw new IllegalStateException("was let through");
        }

        @Override
        public void start() {}

        @Override
        public void undefine() {}

        @Override
        public String tail(int bytes) {
            return "text";
        }

        @Override
        public void linkDown() {}

        @Override
        public void limit(long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations) {}

        @Override
        public void changeTarget(long bytes) {}

        @Override
        public void removeDisk(String disk) {}

        @Override
        public void resize(long bytes) {}

        @Override
        public void changeVcpuCount(int count) {}

        @Override
        public void cancel() {}

        @Override
        public void check() {}

        @Override
        public String read(long offset, int length) {
            return "";
        }

        @Override
        public void defineSecret(String name, String value) {}

        @Override
        public void unheardOf() {}
    }

    private static final String MBEAN = "org.kvmbeans:type=Any";

    @TempDir
    private static Path home;

    private static ObjectName name = ObjectName.WILDCARD;
    private static JolokiaServer server;
    private static String url = "";

    @BeforeAll
    static void start() throws IOException, JMException {
        write("credentials", "root:admin\noscar:operator\nvera:viewer\n");
        write("roles", "oscar:kvmbeans-operator\n");
        name = new ObjectName(MBEAN);
        ManagementFactory.getPlatformMBeanServer().registerMBean(new Any(), name);
        System.setProperty(TestAuthenticator.HOME, home.toString());
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        server = new JolokiaServer(new JvmAgentConfig("host=127.0.0.1,port=" + port
                + ",executor=fixed,discoveryEnabled=false,authClass=" + TestAuthenticator.class.getName()
                + ",restrictorClass=" + RolePolicy.class.getName()));
        server.start(false);
        url = "http://127.0.0.1:" + port + "/jolokia/";
    }

    @AfterAll
    static void stop() throws JMException {
        server.stop();
        ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
    }

    private static void write(String file, String content) throws IOException {
        Path path = home.resolve(file);
        Files.writeString(path, content);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    }

    private static String send(String login, HttpRequest.Builder request) throws IOException, InterruptedException {
        String token = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        request.header("Authorization", "Basic " + token);
        return HttpClient.newHttpClient()
                .send(request.build(), BodyHandlers.ofString())
                .body();
    }

    private static String get(String login, String path) throws IOException, InterruptedException {
        return send(login, HttpRequest.newBuilder(URI.create(url + path)));
    }

    private static String post(String login, String json) throws IOException, InterruptedException {
        return send(login, HttpRequest.newBuilder(URI.create(url)).POST(BodyPublishers.ofString(json)));
    }

    @ParameterizedTest
    @CsvSource({
        "vera:viewer, tail/1, 200",
        "vera:viewer, start, 403",
        "vera:viewer, undefine, 403",
        "oscar:operator, tail/1, 200",
        "oscar:operator, start, 200",
        "oscar:operator, start(), 200",
        "oscar:operator, undefine, 403",
        "vera:viewer, linkDown, 403",
        "vera:viewer, limit/1/0/0/0, 403",
        "vera:viewer, changeTarget/0, 403",
        "oscar:operator, linkDown, 200",
        "oscar:operator, limit/1/0/0/0, 200",
        "oscar:operator, changeTarget/0, 200",
        "oscar:operator, removeDisk/vda, 403",
        "oscar:operator, resize/512, 403",
        "oscar:operator, changeVcpuCount/2, 403",
        "vera:viewer, cancel, 403",
        "vera:viewer, check, 403",
        "vera:viewer, read/0/1, 403",
        "oscar:operator, cancel, 200",
        "oscar:operator, check, 200",
        "oscar:operator, read/0/1, 403",
        "oscar:operator, defineSecret/a/b, 403",
        "root:admin, read/0/1, 200",
        "root:admin, defineSecret/a/b, 200",
        "root:admin, removeDisk/vda, 200",
        "root:admin, resize/512, 200",
        "root:admin, changeVcpuCount/2, 200",
        "root:admin, start, 200",
        "root:admin, undefine, 200",
        "root:admin, unheardOf, 403"
    })
    void roleDecidesWhatIsCalled(String login, String operation, int status) throws Exception {
        assertThat(get(login, "exec/" + MBEAN + "/" + operation)).contains("\"status\":" + status);
    }

    @Test
    void longsArriveExact() throws Exception {
        assertThat(get("vera:viewer", "read/" + MBEAN + "/Exact")).contains("\"value\":9223372036854775807");
        assertThat(get("vera:viewer", "read/" + MBEAN + "/Exact?serializeLong=string"))
                .contains("\"value\":\"9223372036854775807\"");
        assertThat(post("vera:viewer", "[{\"type\":\"read\",\"mbean\":\"" + MBEAN + "\"}]"))
                .contains("\"Exact\":9223372036854775807");
    }

    @Test
    void nobodyWritesAttributes() throws Exception {
        assertThat(get("root:admin", "write/" + MBEAN + "/Exact/1")).contains("\"status\":403");
    }

    @Test
    void callerOfOneRequestIsNotTheCallerOfTheNext() throws Exception {
        for (int i = 0; i < 50; i++) {
            assertThat(get("oscar:operator", "exec/" + MBEAN + "/start")).contains("\"status\":200");
            assertThat(get("vera:viewer", "exec/" + MBEAN + "/start")).contains("\"status\":403");
            assertThat(get("nobody:viewer", "exec/" + MBEAN + "/tail/1")).isEmpty();
        }
    }

    @Test
    void listShowsOurMBeansAndTheJvmsVitalsOnly() throws Exception {
        assertThat(get("root:admin", "search/*:*"))
                .contains(MBEAN)
                .contains("java.lang:type=Memory")
                .doesNotContain("com.sun.management")
                .doesNotContain("JMImplementation")
                .doesNotContain("java.util.logging");
    }

    @Test
    void requestOfBoundlessLengthIsRefused() throws Exception {
        String padding = " ".repeat(CredentialsAuthenticator.LONGEST_REQUEST_BYTES);

        assertThat(post("root:admin", padding + "{\"type\":\"version\"}"))
                .contains("longer than")
                .doesNotContain("\"agent\"");
    }
}
