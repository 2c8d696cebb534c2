package org.kvmbeans.block.crypto;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** How the blocks of a sector are encrypted. */
public enum CipherMode {
    /** Each by itself: equal blocks look equal. For images that have it already. */
    ECB,
    /** Each after the one before it was added to it. */
    CBC,
    /** Added to encrypted numbers. */
    CTR,
    /** Each with a number of its own, from a second key (IEEE 1619); for blocks of 16 bytes alone. */
    XTS;

    /** Its name in QEMU's options and in a LUKS header. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The mode of a name. */
    public static Optional<CipherMode> of(String text) {
        return Stream.of(values()).filter(mode -> mode.text().equals(text)).findAny();
    }
}
