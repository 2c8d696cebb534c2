package org.kvmbeans.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a monitoring stack scrapes. */
@ExtendWith(Server.Shared.class)
class MetricsLibertyIT {
    private static final String NAME = "metered";
    private static final String VM = "org.kvmbeans:type=VirtualMachine,vm=" + NAME;

    private final Server server;

    MetricsLibertyIT(Server server) {
        this.server = server;
    }

    @Test
    void metricsComeAndGoWithTheVm() throws Exception {
        assertThat(server.metrics()).contains("kvmbeans_host_cpus").doesNotContain("vm=\"" + NAME + "\"");

        Path kernel = TestGuest.writeTo(server.file("metered.bin"));
        server.exec(
                Server.ADMIN,
                "org.kvmbeans:type=Host",
                "defineVm",
                "{\"name\":\"" + NAME + "\",\"vcpus\":1,\"memory\":\"16MiB\",\"kernel\":\"" + kernel + "\"}");
        assertThat(sample("kvmbeans_vm_state", "state=\"STOPPED\"")).isEqualTo(1);
        assertThat(sample("kvmbeans_vm_memory_bytes", "")).isEqualTo(16 << 20);

        server.exec(Server.OPERATOR, VM, "start");
        Waiting.until(
                () -> sample("kvmbeans_serial_transmitted_bytes_total", "device=\"com1\""),
                bytes -> bytes == TestGuest.GREETING.length());
        // One reading serves a scrape, and those that follow within a quarter of a second.
        Waiting.until(() -> sample("kvmbeans_vm_state", "state=\"RUNNING\""), running -> running == 1);
        Waiting.until(() -> sample("kvmbeans_vcpu_exits_total", "reason=\"IO\""), exits -> exits > 10);
        assertThat(sample("kvmbeans_vcpu_exit_seconds_total", "reason=\"IO\"")).isPositive();
        assertThat(sample("kvmbeans_vcpu_cpu_seconds_total", "vcpu=\"0\"")).isPositive();

        server.exec(Server.OPERATOR, VM, "powerOff");
        server.exec(Server.ADMIN, VM, "undefine");
        Waiting.until(server::metrics, metrics -> !metrics.contains("vm=\"" + NAME + "\""));
    }

    @Test
    void metricsOfADiskComeAndGoWithIt() throws Exception {
        Path kernel = TestGuest.writeTo(server.file("metered.bin"));
        Path image = Files.write(server.file("metered.raw"), new byte[1 << 20]);
        server.exec(
                Server.ADMIN,
                "org.kvmbeans:type=Host",
                "defineVm",
                "{\"name\":\"" + NAME + "\",\"memory\":\"16MiB\",\"kernel\":\"" + kernel + "\"}");
        server.exec(Server.ADMIN, VM, "addDisk", "{\"name\":\"vda\",\"path\":\"" + image + "\",\"format\":\"raw\"}");

        Waiting.until(() -> sample("kvmbeans_disk_operations_total", "operation=\"read\""), reads -> reads == 0);
        assertThat(sample("kvmbeans_disk_latency_seconds_bucket", "le=\"+Inf\""))
                .isZero();
        assertThat(sample("kvmbeans_disk_latency_seconds_count", "device=\"vda\""))
                .isZero();
        assertThat(sample("kvmbeans_queue_requests_total", "device=\"vda\"")).isZero();
        assertThat(sample("kvmbeans_balloon_target_bytes", "device=\"balloon\""))
                .isZero();
        server.exec(Server.OPERATOR, VM, "start");
        Waiting.until(() -> sample("kvmbeans_disk_size_bytes", "device=\"vda\""), bytes -> bytes == 1 << 20);
        server.exec(Server.OPERATOR, VM, "powerOff");

        server.exec(Server.ADMIN, VM, "removeDisk", "vda");
        Waiting.until(server::metrics, metrics -> !metrics.contains("device=\"vda\""));
        server.exec(Server.ADMIN, VM, "undefine");
    }

    /** The value of one series of the VM; not a number where there is none. */
    private double sample(String metric, String label) throws Exception {
        return server.metrics()
                .lines()
                .filter(line -> line.startsWith(metric + "{"))
                .filter(line -> line.contains("vm=\"" + NAME + "\"") && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }
}
