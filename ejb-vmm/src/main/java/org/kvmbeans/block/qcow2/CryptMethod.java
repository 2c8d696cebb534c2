package org.kvmbeans.block.qcow2;

/** How the disk's clusters are encrypted. */
public enum CryptMethod {
    /** Not at all. */
    NONE("none"),
    /** AES of old, with the passphrase as the key: to be read alone. */
    AES("aes"),
    /** As the LUKS header says that the encryption header extension points to. */
    LUKS("luks");

    private final String text;

    CryptMethod(String text) {
        this.text = text;
    }

    /** Its name among the options of an image. */
    public String text() {
        return text;
    }

    /** Its number in the header. */
    int code() {
        return ordinal();
    }
}
