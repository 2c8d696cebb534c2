package org.kvmbeans.virtio.net.user;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A port of the host whose connections go to a port of the guest.
 *
 * @param protocol {@code tcp} or {@code udp}
 * @param address the host's IPv4 address to listen at; loopback where nobody else is to reach the guest
 * @param hostPort 1 to 65,535
 * @param guestPort 1 to 65,535
 */
public record PortForward(Protocol protocol, String address, int hostPort, int guestPort) {
    private static final Pattern FORM =
            Pattern.compile("(tcp|udp):(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}):(\\d{1,5}):(\\d{1,5})");

    private static final int MAX_PORT = 65_535;
    private static final int MAX_BYTE = 255;

    /** What is forwarded. */
    public enum Protocol {
        TCP("-t"),
        UDP("-u");

        private final String option;

        Protocol(String option) {
            this.option = option;
        }

        /** passt(1)'s option for it. */
        String option() {
            return option;
        }
    }

    public PortForward {
        if (hostPort < 1 || hostPort > MAX_PORT || guestPort < 1 || guestPort > MAX_PORT) {
            throw new IllegalArgumentException("ports " + hostPort + " and " + guestPort + ": give 1 to " + MAX_PORT);
        }
        for (String part : address.split("\\.", -1)) {
            if (!part.matches("\\d{1,3}") || Integer.parseInt(part) > MAX_BYTE) {
                throw new IllegalArgumentException("\"" + address + "\" is not an IPv4 address");
            }
        }
    }

    /**
     * Reads the form {@code tcp:127.0.0.1:2222:22}: protocol, the host's address and port, the guest's port.
     *
     * @throws IllegalArgumentException where it is none
     */
    public static PortForward parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not of the form tcp:127.0.0.1:2222:22");
        }
        return new PortForward(
                parts.group(1).equals("tcp") ? Protocol.TCP : Protocol.UDP,
                parts.group(2),
                Integer.parseInt(parts.group(3)),
                Integer.parseInt(parts.group(4)));
    }

    /** As passt(1) takes it. */
    String specification() {
        return address + "/" + hostPort + ":" + guestPort;
    }
}
