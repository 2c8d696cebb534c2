package org.kvmbeans.ejb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Map;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class MBeanReaderTest {
    /** Values of every kind that an MXBean can have. */
    public interface SampleMXBean {
        long getCount();

        Map<String, Point> getPoints();

        ObjectName[] getNames();

        Thread.State getState();

        String getBroken();
    }

    /** A composite value. */
    public record Point(int x, int y) {}

    private static final class Sample implements SampleMXBean {
        @Override
        public long getCount() {
            return Long.MAX_VALUE;
        }

        @Override
        public Map<String, Point> getPoints() {
            return Map.of("a", new Point(1, 2));
        }

        @Override
        public ObjectName[] getNames() {
            return new ObjectName[] {ObjectName.WILDCARD};
        }

        @Override
        public Thread.State getState() {
            return Thread.State.RUNNABLE;
        }

        @Override
        public String getBroken() {
            throw new IllegalStateException("not now");
        }
    }

    @Test
    void readsEveryOpenTypeAsPlainValues() throws Exception {
        MBeanServer server = MBeanServerFactory.newMBeanServer();
        ObjectName name = new ObjectName("test:type=Sample");
        server.registerMBean(new Sample(), name);

        MBeanView view = MBeanReader.readAll(server, List.of(name)).get(0);

        assertThat(view.type()).isEqualTo("Sample");
        assertThat(view.attributes())
                .extracting(MBeanView.Attribute::name, MBeanView.Attribute::value)
                .containsExactly(
                        tuple("Broken", null),
                        tuple("Count", Long.MAX_VALUE),
                        tuple("Names", List.of("*:*")),
                        tuple("Points", Map.of("a", Map.of("x", 1, "y", 2))),
                        tuple("State", "RUNNABLE"));
        assertThat(view.attributes().get(0).error()).isEqualTo("not now");
    }

    @Test
    void leavesOutAnMBeanThatIsGone() throws Exception {
        assertThat(MBeanReader.readAll(MBeanServerFactory.newMBeanServer(), List.of(new ObjectName("test:type=Gone"))))
                .isEmpty();
    }
}
