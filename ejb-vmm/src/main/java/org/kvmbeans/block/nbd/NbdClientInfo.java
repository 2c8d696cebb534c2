package org.kvmbeans.block.nbd;

/**
 * A client of a server.
 *
 * @param address where it comes from; empty on a UNIX socket
 * @param certificateName name in its certificate, as RFC 2253 writes it; empty where it has shown none
 * @param export the name of what it uses; empty while it negotiates, too
 * @param connectedMillis since when, milliseconds since 1970
 */
public record NbdClientInfo(String address, String certificateName, String export, long connectedMillis) {}
