package org.kvmbeans.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each role may do through Jolokia, on a virtual machine that runs. */
@ExtendWith(Server.Shared.class)
class JolokiaLibertyIT {
    private static final String HOST = "org.kvmbeans:type=Host";
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private final String name = "jolokia-" + NUMBER.incrementAndGet();
    private final String vm = "org.kvmbeans:type=VirtualMachine,vm=" + name;
    private final String com1 = "org.kvmbeans:type=SerialPort,vm=" + name + ",name=com1";

    private final Server server;

    JolokiaLibertyIT(Server server) {
        this.server = server;
    }

    @BeforeEach
    void define() throws Exception {
        JsonNode defined = server.exec(Server.ADMIN, HOST, "defineVm", definition(name));
        assertThat(status(defined)).as("%s", defined).isEqualTo(OK);
    }

    @AfterEach
    void undefine() throws Exception {
        server.exec(Server.ADMIN, vm, "powerOff");
        assertThat(status(server.exec(Server.ADMIN, vm, "undefine"))).isEqualTo(OK);
    }

    private String definition(String vmName) throws Exception {
        Path kernel = TestGuest.writeTo(server.file("guest.bin"));
        return "{\"name\":\"" + vmName + "\",\"vcpus\":1,\"memory\":\"16MiB\",\"kernel\":\"" + kernel + "\"}";
    }

    private static int status(JsonNode answer) {
        return answer.path("status").asInt();
    }

    private String state() throws Exception {
        return server.read(Server.VIEWER, vm, "State").path("value").asText();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nobody:password", "admin:wrong", "admin:"})
    void refusesWhoIsNotAUser(String login) throws Exception {
        assertThat(server.jolokiaGet(login, "read/" + HOST).statusCode()).isEqualTo(UNAUTHORIZED);
        assertThat(server.jolokiaGet(login, "exec/" + vm + "/start").statusCode())
                .isEqualTo(UNAUTHORIZED);
        assertThat(state()).isEqualTo("STOPPED");
    }

    @Test
    void viewerReadsAndDoesNotRun() throws Exception {
        assertThat(server.read(Server.VIEWER, vm, "MemoryBytes").path("value").asLong())
                .isEqualTo(16L << 20);
        assertThat(status(server.exec(Server.VIEWER, com1, "tail", 10))).isEqualTo(OK);
        assertThat(status(server.read(Server.VIEWER, "java.lang:type=Memory", "HeapMemoryUsage")))
                .isEqualTo(OK);

        for (String operation : List.of("start", "pause", "resume", "shutdown", "reset", "powerOff", "undefine")) {
            assertThat(status(server.exec(Server.VIEWER, vm, operation)))
                    .as(operation)
                    .isEqualTo(FORBIDDEN);
        }
        assertThat(status(server.exec(Server.VIEWER, com1, "write", "x"))).isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.VIEWER, HOST, "defineVm", definition("other"))))
                .isEqualTo(FORBIDDEN);
        assertThat(state()).isEqualTo("STOPPED");
    }

    @Test
    void operatorRunsAndDoesNotDefine() throws Exception {
        assertThat(status(server.exec(Server.OPERATOR, vm, "start"))).isEqualTo(OK);
        assertThat(state()).isEqualTo("RUNNING");
        Waiting.until(this::tail, TestGuest.GREETING::equals);
        assertThat(status(server.exec(Server.OPERATOR, com1, "write", "typed"))).isEqualTo(OK);
        Waiting.until(this::tail, (TestGuest.GREETING + "typed")::equals);

        assertThat(status(server.exec(Server.OPERATOR, vm, "pause"))).isEqualTo(OK);
        assertThat(status(server.exec(Server.OPERATOR, vm, "resume"))).isEqualTo(OK);
        assertThat(status(server.exec(Server.OPERATOR, vm, "powerOff"))).isEqualTo(OK);
        assertThat(state()).isEqualTo("STOPPED");

        assertThat(status(server.exec(Server.OPERATOR, vm, "undefine"))).isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.OPERATOR, HOST, "defineVm", definition("other"))))
                .isEqualTo(FORBIDDEN);
    }

    private String tail() throws Exception {
        return server.exec(Server.VIEWER, com1, "tail", 100).path("value").asText();
    }

    @Test
    void operatorChangesDevicesAndAdministratorAddsThem() throws Exception {
        String nic = "org.kvmbeans:type=Nic,vm=" + name + ",name=eth0";
        String json = "{\"name\":\"eth0\",\"backend\":\"user\"}";
        assertThat(status(server.exec(Server.OPERATOR, vm, "addNic", json))).isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.ADMIN, vm, "addNic", json))).isEqualTo(OK);

        assertThat(status(server.exec(Server.VIEWER, nic, "linkDown"))).isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.OPERATOR, nic, "linkDown"))).isEqualTo(OK);
        assertThat(server.read(Server.VIEWER, nic, "LinkUp").path("value").asBoolean(true))
                .isFalse();
        assertThat(server.exec(Server.OPERATOR, nic, "limitReceive", 0, 1, 0, 0)
                        .path("error")
                        .asText())
                .contains("burstBytes needs bytesPerSecond");

        assertThat(status(server.exec(Server.OPERATOR, vm, "removeNic", "eth0")))
                .isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.ADMIN, vm, "removeNic", "eth0"))).isEqualTo(OK);
    }

    @Test
    void refusalOfAnMBeanArrivesInItsOwnWords() throws Exception {
        JsonNode paused = server.exec(Server.OPERATOR, vm, "pause");

        assertThat(paused.path("error_type").asText()).contains("IllegalStateException");
        assertThat(paused.path("error").asText()).contains(name).contains("STOPPED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "com.sun.management:type=HotSpotDiagnostic",
                "JMImplementation:type=MBeanServerDelegate",
                "java.util.logging:type=Logging",
                "WebSphere:type=JvmStats"
            })
    void nobodyReadsOtherMBeans(String mbean) throws Exception {
        JsonNode answer = server.jolokia(Server.ADMIN, Map.of("type", "read", "mbean", mbean));

        assertThat(status(answer)).as("%s", answer).isIn(FORBIDDEN, 404);
        assertThat(answer.has("value")).isFalse();
    }

    @Test
    void nobodyChangesTheJvmOrReadsItsSecrets() throws Exception {
        String hotSpot = "com.sun.management:type=HotSpotDiagnostic";

        assertThat(status(server.exec(Server.ADMIN, "java.lang:type=Memory", "gc")))
                .isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.ADMIN, hotSpot, "dumpHeap", "/tmp/heap", false)))
                .isEqualTo(FORBIDDEN);
        assertThat(status(server.exec(Server.ADMIN, "com.sun.management:type=DiagnosticCommand", "vmSystemProperties")))
                .isEqualTo(FORBIDDEN);
        assertThat(status(server.read(Server.ADMIN, "java.lang:type=Runtime", "SystemProperties")))
                .isEqualTo(FORBIDDEN);
        JsonNode verbose = server.jolokia(
                Server.ADMIN,
                Map.of("type", "write", "mbean", "java.lang:type=Memory", "attribute", "Verbose", "value", true));
        assertThat(status(verbose)).isEqualTo(FORBIDDEN);
        JsonNode listen = server.jolokia(
                Server.ADMIN,
                Map.of(
                        "type",
                        "notification",
                        "command",
                        "add",
                        "client",
                        registeredClient().path("id").asText(),
                        "mode",
                        "pull",
                        "mbean",
                        "java.lang:type=Memory"));
        assertThat(status(listen)).isEqualTo(FORBIDDEN);
    }

    @Test
    void refusesAPageOfAnotherSite() throws Exception {
        HttpResponse<String> withOrigin =
                server.jolokiaGet(Server.ADMIN, "exec/" + vm + "/start", "Origin", "http://elsewhere.example");
        HttpResponse<String> asImage =
                server.jolokiaGet(Server.ADMIN, "exec/" + vm + "/start", "Sec-Fetch-Site", "cross-site");

        assertThat(withOrigin.body()).contains("\"status\":403");
        assertThat(asImage.statusCode()).isEqualTo(FORBIDDEN);
        assertThat(state()).isEqualTo("STOPPED");
    }

    @Test
    void bulkRequestAnswersEachByItsOwnRight() throws Exception {
        JsonNode answers = server.jolokia(
                Server.VIEWER,
                List.of(
                        Map.of("type", "read", "mbean", vm, "attribute", "State"),
                        Map.of("type", "exec", "mbean", vm, "operation", "start"),
                        Map.of("type", "read", "mbean", vm, "attribute", List.of("VcpuCount", "MemoryBytes"))));

        assertThat(answers).extracting(JolokiaLibertyIT::status).containsExactly(OK, FORBIDDEN, OK);
        assertThat(answers.get(2).path("value").path("MemoryBytes").asLong()).isEqualTo(16L << 20);
    }

    @Test
    void notificationsArriveByPull() throws Exception {
        JsonNode client = registeredClient();
        String id = client.path("id").asText();
        String store = client.path("backend").path("pull").path("store").asText();
        JsonNode added = server.jolokia(
                Server.VIEWER,
                Map.of("type", "notification", "command", "add", "client", id, "mode", "pull", "mbean", vm));

        server.exec(Server.OPERATOR, vm, "start");

        Waiting.until(
                () -> server.exec(
                                Server.VIEWER,
                                store,
                                "pull",
                                id,
                                added.path("value").asText())
                        .path("value")
                        .toString(),
                pulled -> pulled.contains("\"vm.lifecycle.started\"") && pulled.contains("\"state\":\"RUNNING\""));
    }

    private JsonNode registeredClient() throws Exception {
        return server.jolokia(Server.VIEWER, Map.of("type", "notification", "command", "register"))
                .path("value");
    }

    @Test
    void everyChangeIsInTheAuditLog() throws Exception {
        server.exec(Server.VIEWER, vm, "start");
        server.exec(Server.OPERATOR, vm, "start");

        String mbean = "mbean=\"" + vm + "\"";
        assertThat(server.log())
                .contains("user=\"vera\" via=jolokia action=start " + mbean + " result=denied")
                .contains("user=\"oscar\" via=jolokia action=start " + mbean + " result=let through");
    }
}
