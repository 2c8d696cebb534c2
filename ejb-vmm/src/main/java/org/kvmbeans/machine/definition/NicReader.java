package org.kvmbeans.machine.definition;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.kvmbeans.machine.definition.NicDefinition.Backend;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.user.PortForward;
import org.kvmbeans.virtio.spi.RateLimits;

/** Reads one object of the list {@code nics}. */
final class NicReader {
    static final String EXAMPLE = "{\"name\":\"eth0\",\"bridge\":\"br0\"}";

    private static final List<String> KEYS = List.of(
            "name",
            "backend",
            "mac",
            "bridge",
            "tap",
            "queues",
            "mtu",
            "allowSpoofing",
            "forwards",
            "transmitLimits",
            "receiveLimits");
    private static final Path VHOST_NET = Path.of("/dev/vhost-net");
    private static final Pattern MAC = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
    /** IFNAMSIZ is 16 with the NUL. */
    private static final Pattern INTERFACE = Pattern.compile("[A-Za-z0-9._-]{0,15}");

    private static final String RIGHT_INTERFACE = "give a name of the host's interfaces: at most 15 characters";
    private static final int MULTICAST_BIT = 1;
    /** Locally administered addresses that virtual machines have by custom. */
    private static final String MAC_PREFIX = "52:54:00";

    private static final SecureRandom RANDOM = new SecureRandom();

    private NicReader() {}

    static NicDefinition read(DefinitionObject object) {
        object.refuseKeysOutside(KEYS);
        String name = DevicesReader.name(object);
        String bridge = hostInterface(object, "bridge");
        String tap = hostInterface(object, "tap");
        RateLimits transmit = LimitsReader.read(object, "transmitLimits");
        RateLimits receive = LimitsReader.read(object, "receiveLimits");
        boolean limited = !transmit.equals(RateLimits.NONE) || !receive.equals(RateLimits.NONE);
        Backend backend = object.choice("backend", standard(!bridge.isEmpty() || !tap.isEmpty(), limited));
        if (backend == Backend.USER && !(bridge + tap).isEmpty()) {
            object.wrong("backend", "user", "it knows neither bridge nor tap; leave those out, or give \"tap\"");
        }
        if (backend == Backend.VHOST && limited) {
            object.wrong("backend", "vhost", "the kernel's vhost knows no limits; give \"tap\", or no limits");
        }
        List<String> forwards = forwards(object);
        if (backend != Backend.USER && !forwards.isEmpty()) {
            object.wrong("forwards", String.join(", ", forwards), "only the backend \"user\" forwards ports");
        }
        return new NicDefinition(
                name,
                backend,
                mac(object),
                bridge,
                tap,
                object.integer("queues", 1, 1, backend == Backend.USER ? 1 : NicDefinition.MAX_QUEUES),
                object.integer("mtu", NicDefinition.STANDARD_MTU, NetOptions.MIN_MTU, NetOptions.MAX_MTU),
                object.flag("allowSpoofing"),
                forwards,
                transmit,
                receive);
    }

    /** Where a place on the host is given, the fastest that serves it; else what needs no privileges. */
    private static Backend standard(boolean hasPlace, boolean limited) {
        if (!hasPlace) {
            return Backend.USER;
        }
        return !limited && Files.exists(VHOST_NET) ? Backend.VHOST : Backend.TAP;
    }

    private static String hostInterface(DefinitionObject object, String key) {
        String text = object.text(key, RIGHT_INTERFACE);
        if (text == null) {
            return "";
        }
        if (!INTERFACE.matcher(text).matches() || text.equals(".") || text.equals("..")) {
            object.wrong(key, text, RIGHT_INTERFACE);
        }
        return text;
    }

    private static String mac(DefinitionObject object) {
        String right = "give a unicast address like 52:54:00:12:34:56, or leave the key out for a random one";
        String text = object.text("mac", right);
        if (text == null) {
            return randomMac();
        }
        if (!MAC.matcher(text).matches()
                || (Integer.parseInt(text.substring(0, 2), 16) & MULTICAST_BIT) != 0
                || text.equals("00:00:00:00:00:00")) {
            object.wrong("mac", text, right);
        }
        return text.toLowerCase(Locale.ROOT);
    }

    private static String randomMac() {
        int low = RANDOM.nextInt(1 << 24);
        return String.format("%s:%02x:%02x:%02x", MAC_PREFIX, low >> 16, low >> 8 & 0xFF, low & 0xFF);
    }

    private static List<String> forwards(DefinitionObject object) {
        String right = "give a list like [\"tcp:127.0.0.1:2222:22\"]: protocol, address and port of the host, port of"
                + " the guest";
        List<String> forwards = object.texts("forwards", right);
        for (String forward : forwards) {
            try {
                PortForward.parse(forward);
            } catch (IllegalArgumentException e) {
                object.wrong("forwards", forward, right);
            }
        }
        return forwards;
    }
}
