package org.kvmbeans.block.nbd;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;

/**
 * An image that a server offers.
 *
 * @param name what clients ask for; may be empty, which is what clients ask for that name none
 * @param description for people; may be empty
 * @param image stays the caller's, open until {@link NbdServer#unexport} or {@link NbdServer#stop} has returned
 * @param access {@link Access#READ_ONLY} refuses writes to an image that could be written
 * @param allowedClients names in the certificates of the clients that may have it, as RFC 2253 writes them
 *     ({@code CN=backup,O=Example}); empty for every client that the server lets in. Others do not see it
 */
public record NbdExport(String name, String description, DiskImage image, Access access, Set<String> allowedClients) {
    public NbdExport {
        requireString("name", name);
        requireString("description", description);
        allowedClients = Set.copyOf(allowedClients);
        if (access == Access.READ_WRITE && image.readOnly()) {
            throw new IllegalArgumentException(
                    "the export '" + name + "' is to be written, and its image was opened to read");
        }
    }

    /** An export for every client. */
    public NbdExport(String name, DiskImage image, Access access) {
        this(name, "", image, access, Set.of());
    }

    private static void requireString(String what, String text) {
        if (text.indexOf(0) >= 0 || text.getBytes(StandardCharsets.UTF_8).length > Nbd.MAX_STRING_BYTES) {
            throw new IllegalArgumentException(
                    "the " + what + " of an export has at most " + Nbd.MAX_STRING_BYTES + " bytes, none of them 0");
        }
    }

    boolean writable() {
        return access == Access.READ_WRITE;
    }

    /** Whether a client may have it. */
    boolean allows(String client) {
        return allowedClients.isEmpty() || allowedClients.contains(client);
    }
}
