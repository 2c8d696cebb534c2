package org.kvmbeans.export.storage;

import java.util.Base64;

/** Parts of files as they come and go in Base64. */
final class Parts {
    /** The most bytes of one part: in Base64 it fits a request of the Jolokia agent. */
    static final int LARGEST_BYTES = 2 << 20;

    private Parts() {}

    static byte[] decoded(String base64) {
        if (base64.length() > (LARGEST_BYTES + 2) / 3 * 4) {
            throw new IllegalArgumentException("base64 has " + base64.length() + " characters; give at most "
                    + LARGEST_BYTES + " bytes of data at once");
        }
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("base64 is no Base64 (RFC 4648, section 4): " + e.getMessage(), e);
        }
    }

    static String encoded(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
