package org.kvmbeans.virtio.net.tap;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the code has written down of TAP's and vhost's interfaces is what the headers on this machine say. */
class NetLayoutTest {
    private static final String VHOST = "org.kvmbeans.virtio.vhost.VhostIoctl";

    @TempDir
    Path folder;

    @Test
    void requestNumbersAreTheHeaders() throws Exception {
        Map<String, Long> ours = new TreeMap<>();
        for (Class<?> holder : List.of(TunIoctl.class, Class.forName(VHOST), VhostDataPath.class)) {
            for (Field field : holder.getDeclaredFields()) {
                if (field.getType() == long.class && field.getName().matches("[A-Z0-9_]+")) {
                    field.setAccessible(true);
                    ours.put(field.getName(), field.getLong(null));
                }
            }
        }

        assertThat(ours).isEqualTo(headers()).isNotEmpty();
    }

    private Map<String, Long> headers() throws Exception {
        String program = folder.resolve("net_layout").toString();
        String source = Path.of("src", "test", "c", "net_layout.c").toString();
        HostSide.run(new ArrayList<>(List.of("gcc", "-Wall", "-Werror", "-o", program, source)));
        Map<String, Long> values = new TreeMap<>();
        HostSide.run(List.of(program)).lines().forEach(line -> {
            int equals = line.indexOf('=');
            values.put(line.substring(0, equals), Long.parseLong(line.substring(equals + 1)));
        });
        return values;
    }
}
