package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.management.JMException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.Notification;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VcpuMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** A host with a home of its own and an MBean server of its own, used through its MBeans only. */
final class HostFixture implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    final Path home;
    final MBeanServer server = MBeanServerFactory.newMBeanServer();
    private final Posix posix;
    private ManagedHost host;

    HostFixture(Path home) throws IOException {
        this(home, new JnaPosix());
    }

    HostFixture(Path home, Posix posix) throws IOException {
        this.home = home;
        this.posix = posix;
        this.host = open();
    }

    private ManagedHost open() throws IOException {
        return ManagedHost.open(home, posix, server);
    }

    void restart() throws IOException {
        host.close();
        host = open();
    }

    @Override
    public void close() {
        host.close();
    }

    HostMXBean bean() {
        return JMX.newMXBeanProxy(server, ObjectNames.host(), HostMXBean.class);
    }

    VirtualMachineMXBean vm(String name) {
        return JMX.newMXBeanProxy(server, ObjectNames.virtualMachine(name), VirtualMachineMXBean.class);
    }

    VcpuMXBean vcpu(String vm, int id) {
        return JMX.newMXBeanProxy(server, ObjectNames.vcpu(vm, id), VcpuMXBean.class);
    }

    SerialPortMXBean serial(String vm) {
        return JMX.newMXBeanProxy(server, ObjectNames.serialPort(vm, "com1"), SerialPortMXBean.class);
    }

    ImageStoreMXBean pool(String name) {
        return JMX.newMXBeanProxy(server, ObjectNames.imageStore(name), ImageStoreMXBean.class);
    }

    ImageMXBean image(String pool, String name) {
        return JMX.newMXBeanProxy(server, ObjectNames.image(pool, name), ImageMXBean.class);
    }

    JobMXBean job(ObjectName name) {
        return JMX.newMXBeanProxy(server, name, JobMXBean.class);
    }

    /** Waits until a job has ended; it must have done its work. */
    JobMXBean completed(ObjectName name) throws InterruptedException {
        JobMXBean job = job(name);
        await("job " + name + " has ended", () -> job.getState().ended());
        assertThat(job.getState()).as(job.getError()).isEqualTo(JobState.COMPLETED);
        return job;
    }

    VirtualMachineMXBean define(String name, Path kernel, String moreKeys) {
        ObjectName defined = bean().defineVm(json(name, kernel, moreKeys));
        assertThat(defined).isEqualTo(ObjectNames.virtualMachine(name));
        return vm(name);
    }

    /** A definition with 2 MiB of memory; {@code moreKeys} is single-quoted and begins with a comma, or empty. */
    static String json(String name, Path kernel, String moreKeys) {
        return ("{'name':'" + name + "','memory':'2MiB','kernel':'" + kernel + "'" + moreKeys + "}").replace('\'', '"');
    }

    /** Every notification of an MBean from now on. */
    LinkedBlockingQueue<Notification> listenTo(ObjectName name) throws JMException {
        LinkedBlockingQueue<Notification> heard = new LinkedBlockingQueue<>();
        server.addNotificationListener(name, (notification, handback) -> heard.add(notification), null, null);
        return heard;
    }

    static Notification next(LinkedBlockingQueue<Notification> heard) throws InterruptedException {
        Notification notification = heard.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        assertThat(notification).as("a notification within " + PATIENCE).isNotNull();
        return notification;
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waiting until " + what).isLessThan(deadline);
            Thread.sleep(2);
        }
    }

    /** What the JVM holds open of KVM and guest memory: descriptors that grow with VMs. */
    static List<String> kvmDescriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.map(HostFixture::target)
                    .filter(target -> target.contains("kvm") || target.contains("memfd"))
                    .sorted()
                    .toList();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    static List<String> vcpuThreads() {
        Thread[] threads = new Thread[Thread.activeCount() + 64];
        int count = Thread.enumerate(threads);
        return Arrays.stream(threads, 0, count)
                .map(Thread::getName)
                .filter(name -> name.startsWith("vcpu"))
                .toList();
    }
}
