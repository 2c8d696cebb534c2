package org.kvmbeans.block.nbd;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address of an export, as the NBD URI document has it: {@code nbd://host:port/export}, {@code nbds://…} with TLS,
 * {@code nbd+unix:///export?socket=path}, {@code nbds+unix:///…}.
 *
 * <p>Where the document lets a plain {@code nbd://} use TLS if the server happens to offer it, it never does here: what
 * anybody on the way could switch off protects nothing.
 *
 * @param address where the server listens
 * @param export name of the export; may be empty
 * @param tls whether TLS is required; refused otherwise
 * @param tlsHostname name that the server's certificate must have; null for the host of the address
 */
public record NbdUri(
        NbdAddress address,
        String export,
        boolean tls,
        @Nullable String tlsHostname) {
    private static final Pattern SCHEME = Pattern.compile("nbds?(\\+unix)?://");

    public NbdUri {
        if (export.indexOf(0) >= 0 || export.getBytes(StandardCharsets.UTF_8).length > Nbd.MAX_STRING_BYTES) {
            throw new IllegalArgumentException(
                    "the name of an export has at most " + Nbd.MAX_STRING_BYTES + " bytes, none of them 0");
        }
    }

    /** Whether a text is meant to be such a URI, rather than a path. */
    public static boolean is(String text) {
        return SCHEME.matcher(text).lookingAt();
    }

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException that has the URI and says what would be right
     */
    public static NbdUri parse(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw refused(text, "it is no URI (" + e.getReason() + ")");
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme();
        boolean unix = scheme.endsWith("+unix");
        boolean tls = switch (scheme) {
            case "nbd", "nbd+unix" -> false;
            case "nbds", "nbds+unix" -> true;
            default -> throw refused(text, "it begins with nbd:, nbds:, nbd+unix: or nbds+unix:");
        };
        if (uri.isOpaque() || uri.getFragment() != null || uri.getRawUserInfo() != null) {
            throw refused(
                    text, "it has the form " + (unix ? "nbd+unix:///export?socket=path" : "nbd://host:port/export"));
        }
        Query query = Query.parse(text, uri.getRawQuery());
        NbdAddress address = unix ? unixAddress(text, uri, query) : tcpAddress(text, uri, query);
        String path = uri.getPath() == null ? "" : uri.getPath();
        return new NbdUri(address, path.startsWith("/") ? path.substring(1) : path, tls, query.tlsHostname);
    }

    private static NbdAddress unixAddress(String text, URI uri, Query query) {
        if (uri.getRawAuthority() != null) {
            throw refused(text, "a UNIX socket has no host: nbd+unix:///export?socket=path");
        }
        String socket = query.socket;
        if (socket == null || socket.isEmpty() || socket.indexOf(0) >= 0) {
            throw refused(text, "the path of the socket is missing: nbd+unix:///export?socket=path");
        }
        return new NbdAddress.Unix(socket);
    }

    private static NbdAddress tcpAddress(String text, URI uri, Query query) {
        String host = uri.getHost();
        if (host == null || query.socket != null) {
            throw refused(text, "a host is needed, and no socket: nbd://host:port/export");
        }
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return new NbdAddress.Tcp(bare, uri.getPort() < 0 ? Nbd.PORT : uri.getPort());
    }

    private static IllegalArgumentException refused(String text, String what) {
        return new IllegalArgumentException("'" + text + "' is no address of an NBD export: " + what);
    }

    /** The name that the server's certificate must have; null where there is none to check, on a UNIX socket. */
    @Nullable
    String certificateName() {
        if (tlsHostname != null) {
            return tlsHostname;
        }
        return address instanceof NbdAddress.Tcp tcp ? tcp.host() : null;
    }

    /** The URI, which {@link #parse} reads again. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(tls ? "nbds" : "nbd");
        if (address instanceof NbdAddress.Unix unix) {
            text.append("+unix:///").append(escaped(export));
            text.append("?socket=").append(escaped(unix.path()));
        } else {
            text.append("://").append(address).append('/').append(escaped(export));
        }
        if (tlsHostname != null) {
            text.append(address instanceof NbdAddress.Unix ? '&' : '?');
            text.append("tls-hostname=").append(escaped(tlsHostname));
        }
        return text.toString();
    }

    /** With a percent sign and numbers for what has a meaning of its own in a URI (RFC 3986 §2.1). */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            boolean letterOrDigit = b >= '0' && Character.isLetterOrDigit(b);
            boolean plain = letterOrDigit || "._~:@/-+,=".indexOf(b) >= 0;
            if (plain) {
                escaped.append((char) b);
            } else {
                escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
            }
        }
        return escaped.toString();
    }

    private record Query(@Nullable String socket, @Nullable String tlsHostname) {
        static Query parse(String text, @Nullable String raw) {
            String socket = null;
            String tlsHostname = null;
            if (raw != null) {
                for (String pair : raw.split("&", -1)) {
                    int equals = pair.indexOf('=');
                    String key = equals < 0 ? pair : pair.substring(0, equals);
                    // URLDecoder would make blanks of plus signs, which a path may have.
                    String value =
                            URLDecoder.decode(pair.substring(equals + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
                    switch (key) {
                        case "socket" -> socket = value;
                        case "tls-hostname" -> tlsHostname = value;
                        default ->
                            throw refused(text, "'" + key + "' is unknown here; socket and tls-hostname are not");
                    }
                }
            }
            return new Query(socket, tlsHostname);
        }
    }
}
