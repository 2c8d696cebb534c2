package org.kvmbeans.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import jakarta.ejb.EJB;
import jakarta.ejb.EJBAccessException;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import javax.management.JMX;
import net.bytebuddy.ByteBuddy;
import org.assertj.core.api.Assertions;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kvmbeans.ejb.DeviceService;
import org.kvmbeans.ejb.HostService;
import org.kvmbeans.ejb.InventoryService;
import org.kvmbeans.ejb.LifecycleService;
import org.kvmbeans.ejb.SerialConsoleService;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.RateLimits;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;

/** The services inside the server: roles, refusals and MBeans, with virtual machines that run. */
@ExtendWith(ArquillianExtension.class)
class ServicesLibertyIT {
    private static final String ADMIN = "admin:admin-password";
    private static final String OPERATOR = "oscar:operator:password";
    private static final String VIEWER = "vera:viewer-password";
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    @EJB
    private HostService host;

    @EJB
    private InventoryService inventory;

    @EJB
    private LifecycleService lifecycle;

    @EJB
    private DeviceService devices;

    @EJB
    private SerialConsoleService serial;

    @ArquillianResource
    private URL url;

    @Deployment
    static EnterpriseArchive application() throws IOException, URISyntaxException {
        if (!Files.isWritable(Path.of("/dev/kvm"))) {
            throw new IllegalStateException("/dev/kvm is missing or may not be used: these tests run virtual machines");
        }
        writeForOwner("credentials", ADMIN + "\n" + OPERATOR + "\n" + VIEWER + "\n");
        writeForOwner("roles", "oscar:kvmbeans-operator\n");
        File ear = new File(System.getProperty("kvmbeans.ear.folder"), "target/kvmbeans");
        WebArchive tests = ShrinkWrap.create(WebArchive.class, "tests.war")
                .addClasses(ServicesLibertyIT.class, CallerServlet.class, TestGuest.class, Waiting.class)
                .addAsLibraries(archiveOf(Assertions.class), archiveOf(ByteBuddy.class));
        return ShrinkWrap.create(EnterpriseArchive.class, "kvmbeans-tests.ear")
                .addAsModule(new File(ear, "ejb-vmm.jar"))
                .addAsLibraries(new File(ear, "lib").listFiles())
                .addAsModule(tests);
    }

    private static File archiveOf(Class<?> type) throws URISyntaxException {
        return new File(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static void writeForOwner(String name, String content) throws IOException {
        Path file =
                Files.createDirectories(Path.of(System.getenv("KVMBEANS_HOME"))).resolve(name);
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, content);
    }

    @Test
    void mbeansRunAVirtualMachine() throws Exception {
        HostMXBean bean =
                JMX.newMXBeanProxy(ManagementFactory.getPlatformMBeanServer(), ObjectNames.host(), HostMXBean.class);
        bean.defineVm(definition("inside"));
        VirtualMachineMXBean vm = JMX.newMXBeanProxy(
                ManagementFactory.getPlatformMBeanServer(),
                ObjectNames.virtualMachine("inside"),
                VirtualMachineMXBean.class);
        SerialPortMXBean com1 = JMX.newMXBeanProxy(
                ManagementFactory.getPlatformMBeanServer(),
                ObjectNames.serialPort("inside", "com1"),
                SerialPortMXBean.class);

        vm.start();
        assertThat(vm.getState()).isEqualTo(VmState.RUNNING);
        Waiting.until(() -> com1.tail(100), TestGuest.GREETING::equals);
        vm.powerOff();
        assertThat(vm.getState()).isEqualTo(VmState.STOPPED);
        vm.undefine();

        assertThat(ManagementFactory.getPlatformMBeanServer().queryNames(ObjectNames.everythingOf("inside"), null))
                .isEmpty();
    }

    @Test
    void nobodyCallsAServiceWithoutARole() {
        List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> calls = List.of(
                () -> host.summary(),
                () -> host.defineVm("{}"),
                () -> inventory.list(),
                () -> inventory.detail("any"),
                () -> inventory.mbeans("any"),
                () -> lifecycle.start("any"),
                () -> lifecycle.undefine("any"),
                () -> devices.addDisk("any", "{}"),
                () -> devices.removeDisk("any", "vda"),
                () -> devices.addNic("any", "{}"),
                () -> devices.removeNic("any", "eth0"),
                () -> devices.resizeDisk("any", "vda", 512),
                () -> devices.limitDisk("any", "vda", new RateLimits(0, 0, 0, 0)),
                () -> devices.linkDown("any", "eth0"),
                () -> devices.changeBalloonTarget("any", 0),
                () -> devices.changeVcpuCount("any", 1),
                () -> serial.tail("any", "com1", 1),
                () -> serial.readFrom("any", "com1", 0, 1, 0),
                () -> serial.write("any", "com1", "text"));

        assertThat(calls)
                .allSatisfy(call ->
                        assertThatExceptionOfType(EJBAccessException.class).isThrownBy(call));
    }

    @Test
    @RunAsClient
    void refusesWhoIsNotAUser() throws Exception {
        assertThat(call("admin:wrong", "summary").statusCode()).isEqualTo(UNAUTHORIZED);
        assertThat(call("nobody:", "summary").statusCode()).isEqualTo(UNAUTHORIZED);
    }

    @Test
    @RunAsClient
    void eachRoleDoesWhatItMayAndNoMore() throws Exception {
        String json = definition("roles");
        assertThat(call(VIEWER, "define", "json", json).statusCode()).isEqualTo(FORBIDDEN);
        assertThat(call(OPERATOR, "define", "json", json).statusCode()).isEqualTo(FORBIDDEN);
        assertThat(call(ADMIN, "define", "json", json).body()).isEqualTo("roles");

        assertThat(call(VIEWER, "list").body()).contains("name=roles").contains("state=STOPPED");
        for (String operation : List.of("start", "pause", "resume", "shutdown", "reset", "powerOff", "undefine")) {
            assertThat(call(VIEWER, operation, "vm", "roles").statusCode())
                    .as(operation)
                    .isEqualTo(FORBIDDEN);
        }
        assertThat(call(OPERATOR, "start", "vm", "roles").statusCode()).isEqualTo(OK);
        Waiting.until(() -> call(VIEWER, "tail", "vm", "roles").body(), TestGuest.GREETING::equals);
        assertThat(call(VIEWER, "write", "vm", "roles", "text", "x").statusCode())
                .isEqualTo(FORBIDDEN);
        assertThat(call(OPERATOR, "write", "vm", "roles", "text", "typed").statusCode())
                .isEqualTo(OK);
        Waiting.until(() -> call(VIEWER, "tail", "vm", "roles").body(), (TestGuest.GREETING + "typed")::equals);
        assertThat(call(VIEWER, "detail", "vm", "roles").body())
                .contains("state=RUNNING")
                .contains("IO=ExitReasonStatistics");

        assertThat(call(OPERATOR, "powerOff", "vm", "roles").statusCode()).isEqualTo(OK);
        assertThat(call(OPERATOR, "undefine", "vm", "roles").statusCode()).isEqualTo(FORBIDDEN);
        assertThat(call(ADMIN, "undefine", "vm", "roles").statusCode()).isEqualTo(OK);
        assertThat(call(VIEWER, "list").body()).doesNotContain("name=roles");
    }

    @Test
    @RunAsClient
    void refusalsArriveInTheMBeansOwnWords() throws Exception {
        HttpResponse<String> invalid = call(ADMIN, "define", "json", "{\"name\":\"refused\",\"vcpus\":0}");
        assertThat(invalid.statusCode()).isEqualTo(400);
        assertThat(invalid.body()).contains("vcpus");

        HttpResponse<String> missing = call(OPERATOR, "start", "vm", "missing");
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.body()).contains("missing");

        call(ADMIN, "define", "json", definition("refusals"));
        HttpResponse<String> wrongState = call(OPERATOR, "pause", "vm", "refusals");
        assertThat(wrongState.statusCode()).isEqualTo(409);
        assertThat(wrongState.body()).contains("STOPPED");
        assertThat(call(ADMIN, "undefine", "vm", "refusals").statusCode()).isEqualTo(OK);
    }

    private static String definition(String name) throws IOException {
        Path kernel = TestGuest.writeTo(Path.of(System.getenv("KVMBEANS_HOME"), "guest.bin"));
        return "{\"name\":\"" + name + "\",\"vcpus\":1,\"memory\":\"16MiB\",\"kernel\":\"" + kernel + "\"}";
    }

    private HttpResponse<String> call(String login, String call, String... parameters)
            throws IOException, InterruptedException {
        StringBuilder query = new StringBuilder("call?call=" + call);
        for (int i = 0; i < parameters.length; i += 2) {
            query.append('&').append(parameters[i]).append('=');
            query.append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
        }
        String token = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + query.toString()))
                .header("Authorization", "Basic " + token)
                .build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    }
}
