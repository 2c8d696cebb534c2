package org.kvmbeans.block.qcow2;

import org.jspecify.annotations.Nullable;

/** How the disk's clusters are encrypted. */
public enum CryptMethod {
    /** Not at all. */
    NONE(0, "none"),
    /** AES of old, with the passphrase as the key: to be read alone. */
    AES(1, "aes"),
    /** As the LUKS header says that the encryption header extension points to. */
    LUKS(2, "luks");

    private final int code;
    private final String text;

    CryptMethod(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** Its name among the options of an image. */
    public String text() {
        return text;
    }

    /** Its number in the header. */
    int code() {
        return code;
    }

    /** The method with a number; null where it is unknown here. */
    static @Nullable CryptMethod of(long code) {
        for (CryptMethod method : values()) {
            if (method.code == code) {
                return method;
            }
        }
        return null;
    }
}
