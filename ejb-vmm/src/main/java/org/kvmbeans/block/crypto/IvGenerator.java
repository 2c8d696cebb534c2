package org.kvmbeans.block.crypto;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What the encryption of a sector begins with. */
public enum IvGenerator {
    /** The sector's number, 32 bits of it: beyond 2 TiB the numbers begin anew. */
    PLAIN,
    /** The sector's number. */
    PLAIN64,
    /** The sector's number, encrypted with the hash of the key. */
    ESSIV;

    /** Its name in QEMU's options and in a LUKS header. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The generator of a name. */
    public static Optional<IvGenerator> of(String text) {
        return Stream.of(values()).filter(iv -> iv.text().equals(text)).findAny();
    }
}
