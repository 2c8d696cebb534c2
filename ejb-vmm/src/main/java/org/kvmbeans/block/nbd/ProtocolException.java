package org.kvmbeans.block.nbd;

import java.io.IOException;

/** A peer that does not keep to the protocol: whatever it sends after that means nothing. */
final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    ProtocolException(String what) {
        super(what);
    }

    /** What a peer wrote, as much of it as a line of a message bears. */
    static String quoted(String text) {
        String printable = text.codePoints()
                .limit(200)
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return "'" + printable + "'";
    }
}
