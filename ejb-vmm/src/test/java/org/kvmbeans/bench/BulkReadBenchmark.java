package org.kvmbeans.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.management.JMException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.kvmbeans.export.BareMetalGuest;
import org.kvmbeans.export.ManagedHost;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * One request to Jolokia for the headline attributes of all running VMs, against the same request for as many MBeans of
 * the same interface whose attributes are constants. Needs Jolokia's JVM agent in this process.
 *
 * <p>Arguments: Jolokia's URL, VMs, rounds.
 */
final class BulkReadBenchmark {
    private static final int WARM_UP_ROUNDS = 15;
    private static final String CONSTANTS = "bench";
    private static final String ATTRIBUTES =
            "[\"State\",\"UptimeMillis\",\"CpuTimeNanos\",\"ExitsTotal\",\"MemoryBytes\",\"MemoryResidentBytes\"]";

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI jolokia;

    private BulkReadBenchmark(URI jolokia) {
        this.jolokia = jolokia;
    }

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        Path folder = Files.createTempDirectory("bulk-read");
        Path kernel = BareMetalGuest.thatDoes().halt().writeTo(folder.resolve("kernel"));
        ManagedHost.open(folder.resolve("home"), new JnaPosix(), server);
        HostMXBean host = JMX.newMXBeanProxy(server, ObjectNames.host(), HostMXBean.class);
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            registerConstant(server, new ObjectName(CONSTANTS + ":type=VirtualMachine,vm=vm" + i));
            ObjectName vm =
                    host.defineVm("{\"name\":\"vm" + i + "\",\"memory\":\"2MiB\",\"kernel\":\"" + kernel + "\"}");
            JMX.newMXBeanProxy(server, vm, VirtualMachineMXBean.class).start();
        }
        double millisPerVm = (System.nanoTime() - start) / 1e6 / count;

        BulkReadBenchmark benchmark = new BulkReadBenchmark(URI.create(arguments[0]));
        double[] real = new double[rounds];
        double[] constant = new double[rounds];
        double[] ratio = new double[rounds];
        for (int i = -WARM_UP_ROUNDS; i < rounds; i++) {
            // Each side goes first every other time: garbage of the one is not always collected in the other's time.
            boolean realFirst = i % 2 == 0;
            double early = benchmark.read(realFirst ? ObjectNames.DOMAIN : CONSTANTS, count);
            double late = benchmark.read(realFirst ? CONSTANTS : ObjectNames.DOMAIN, count);
            double realNanos = realFirst ? early : late;
            double constantNanos = realFirst ? late : early;
            if (i >= 0) {
                constant[i] = constantNanos;
                real[i] = realNanos;
                ratio[i] = realNanos / constantNanos;
            }
        }
        System.out.printf(
                "{\"benchmark\":\"bulk-read\",\"vms\":%d,\"rounds\":%d,\"vmsMillis\":%.2f,\"constantsMillis\":%.2f,"
                        + "\"ratio\":%.3f,\"defineAndStartMillisPerVm\":%.2f}%n",
                count, rounds, median(real) / 1e6, median(constant) / 1e6, median(ratio), millisPerVm);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void registerConstant(MBeanServer server, ObjectName name) throws JMException {
        VirtualMachineMXBean constant = (VirtualMachineMXBean) Proxy.newProxyInstance(
                BulkReadBenchmark.class.getClassLoader(),
                new Class<?>[] {VirtualMachineMXBean.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getState" -> VmState.RUNNING;
                    default -> 1_234_567_890L;
                });
        server.registerMBean(new StandardMBean(constant, VirtualMachineMXBean.class, true), name);
    }

    private double read(String domain, int count) throws IOException, InterruptedException {
        String body = "{\"type\":\"read\",\"mbean\":\"" + domain + ":type=VirtualMachine,*\",\"attribute\":"
                + ATTRIBUTES + ",\"config\":{\"ignoreErrors\":false}}";
        HttpRequest request = HttpRequest.newBuilder(jolokia)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        long start = System.nanoTime();
        String answer = client.send(request, BodyHandlers.ofString()).body();
        long elapsed = System.nanoTime() - start;
        int found = answer.split("RUNNING", -1).length - 1;
        if (found != count) {
            throw new IOException("the answer tells of " + found + " VMs, not of " + count + ": "
                    + answer.substring(0, Math.min(answer.length(), 500)));
        }
        return elapsed;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
