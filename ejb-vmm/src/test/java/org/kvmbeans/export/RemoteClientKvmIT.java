package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import javax.management.Attribute;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanFeatureInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServerConnection;
import javax.management.Notification;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.TabularData;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXConnectorServer;
import javax.management.remote.JMXConnectorServerFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;

/** What a client over the network gets: all of it can be read without a class of this project. */
class RemoteClientKvmIT {
    @TempDir
    Path folder;

    private HostFixture host;
    private JMXConnectorServer connectorServer;
    private JMXConnector connector;
    private MBeanServerConnection client;

    @BeforeEach
    @SuppressWarnings("BanJNDI") // the address is the one of our own connector server
    void connect() throws IOException {
        System.setProperty("java.rmi.server.hostname", "127.0.0.1");
        host = new HostFixture(folder.resolve("home"));
        connectorServer = JMXConnectorServerFactory.newJMXConnectorServer(
                new JMXServiceURL("rmi", "127.0.0.1", 0), null, host.server);
        connectorServer.start();
        connector = JMXConnectorFactory.connect(connectorServer.getAddress());
        client = connector.getMBeanServerConnection();
        Path image = Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
        host.define(
                "a",
                BareMetalGuest.thatDoes().print("up\n").halt().writeTo(folder.resolve("kernel")),
                ",'vcpus':2,'disks':[{'name':'vda','path':'" + image + "','format':'raw'}]");
    }

    @AfterEach
    void disconnect() throws IOException {
        connector.close();
        connectorServer.stop();
        host.close();
    }

    /** The object as a client gets that knows the JDK only. */
    private static Object readWithJdkOnly(Object value) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        try (ObjectInputStream in = new JdkOnlyInput(new ByteArrayInputStream(bytes.toByteArray()))) {
            return in.readObject();
        }
    }

    private static final class JdkOnlyInput extends ObjectInputStream {
        JdkOnlyInput(InputStream in) throws IOException {
            super(in);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws ClassNotFoundException, IOException {
            return description.getName().startsWith("[")
                            || description.getName().length() == 1
                    ? super.resolveClass(description)
                    : Class.forName(description.getName(), false, ClassLoader.getPlatformClassLoader());
        }
    }

    @Test
    void everyAttributeOfEveryBeanIsReadable() throws Exception {
        host.vm("a").start();
        host.completed(host.pool("default").create("image.qcow2", "qcow2", 1 << 20, ""));
        // What this VM has of the host cannot be had everywhere; it is all there while the VM is off.
        host.define(
                "b",
                folder.resolve("kernel"),
                ",'nics':[{'name':'eth0','backend':'user'}],'consoles':['agent'],'vsock':{'cid':7}");
        Set<ObjectName> names = client.queryNames(new ObjectName(ObjectNames.DOMAIN + ":*"), null);
        assertThat(names.stream().map(name -> name.getKeyProperty("type")).distinct())
                .containsExactlyInAnyOrder(
                        "Host",
                        "VirtualMachine",
                        "Vcpu",
                        "SerialPort",
                        "Disk",
                        "Nic",
                        "VirtQueue",
                        "Console",
                        "ConsolePort",
                        "Balloon",
                        "Rng",
                        "Vsock",
                        "ImageStore",
                        "Image",
                        "Job");

        for (ObjectName name : names) {
            MBeanInfo info = client.getMBeanInfo(name);
            String[] attributes = Arrays.stream(info.getAttributes())
                    .map(MBeanAttributeInfo::getName)
                    .toArray(String[]::new);
            assertThat(client.getAttributes(name, attributes).asList())
                    .as(name.toString())
                    .hasSize(attributes.length)
                    .extracting(Attribute::getValue)
                    .allSatisfy(value -> assertThat(readWithJdkOnly(value)).isNotNull());
            assertThat(readWithJdkOnly(info)).isEqualTo(info);
        }
    }

    @Test
    void valuesThatBelongTogetherComeAsOne() throws Exception {
        host.vm("a").start();

        CompositeData usage = (CompositeData) client.getAttribute(ObjectNames.virtualMachine("a"), "Usage");
        TabularData exits = (TabularData) client.getAttribute(ObjectNames.vcpu("a", 0), "ExitStatistics");

        assertThat(usage.get("state")).isEqualTo("RUNNING");
        assertThat(usage.get("memoryBytes")).isEqualTo(2L << 20);
        assertThat(exits.getTabularType().getIndexNames()).containsExactly("key");
        CompositeData latency = (CompositeData) client.getAttribute(ObjectNames.disk("a", "vda"), "Latency");
        assertThat((long[]) latency.get("bucketCounts")).hasSameSizeAs((long[]) latency.get("bucketUpperBoundNanos"));
    }

    @Test
    void everyFeatureIsDescribedWithItsUnit() throws Exception {
        MBeanInfo vm = client.getMBeanInfo(ObjectNames.virtualMachine("a"));
        MBeanInfo serial = client.getMBeanInfo(ObjectNames.serialPort("a", "com1"));

        assertThat(vm.getDescription()).isEqualTo("A virtual machine");
        assertThat(vm.getAttributes())
                .filteredOn(attribute -> attribute.getName().equals("MemoryBytes"))
                .singleElement()
                .satisfies(attribute -> {
                    assertThat(attribute.getDescription()).isEqualTo("Memory of the definition (bytes)");
                    assertThat(attribute.getDescriptor().getFieldValue("units")).isEqualTo("bytes");
                });
        assertThat(vm.getNotifications()[0].getNotifTypes()).contains(NotificationTypes.CRASHED);
        assertThat(serial.getOperations())
                .filteredOn(operation -> operation.getName().equals("tail"))
                .singleElement()
                .satisfies(operation -> {
                    assertThat(operation.getImpact()).isEqualTo(MBeanOperationInfo.INFO);
                    assertThat(operation.getSignature()[0].getName()).isEqualTo("bytes");
                    assertThat(operation.getSignature()[0].getDescription())
                            .isEqualTo("How many at most, 1 to 1,048,576 (bytes)");
                });
        assertThat(serial.getAttributes())
                .extracting(MBeanFeatureInfo::getDescription)
                .noneMatch(String::isBlank);
    }

    @Test
    void refusalsAreReadable() throws Exception {
        Throwable pause =
                catchThrowable(() -> client.invoke(ObjectNames.virtualMachine("a"), "pause", new Object[0], null));
        Throwable define = catchThrowable(() -> client.invoke(
                ObjectNames.host(), "defineVm", new Object[] {"{}"}, new String[] {String.class.getName()}));

        assertThat(pause).hasRootCauseInstanceOf(IllegalStateException.class);
        assertThat(readWithJdkOnly(pause)).isInstanceOf(Throwable.class);
        assertThat(define).hasRootCauseInstanceOf(IllegalArgumentException.class);
        assertThat(define.getCause()).hasMessageContaining("name is missing");
        assertThat(readWithJdkOnly(define)).isInstanceOf(Throwable.class);
    }

    @Test
    void notificationsAreReadable() throws Exception {
        LinkedBlockingQueue<Notification> heard = new LinkedBlockingQueue<>();
        client.addNotificationListener(
                ObjectNames.virtualMachine("a"), (notification, handback) -> heard.add(notification), null, null);

        client.invoke(ObjectNames.virtualMachine("a"), "start", new Object[0], new String[0]);

        Notification notification = HostFixture.next(heard);
        assertThat(notification.getType()).isEqualTo(NotificationTypes.STARTING);
        assertThat(readWithJdkOnly(notification)).isInstanceOf(Notification.class);
    }
}
