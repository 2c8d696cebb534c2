package org.kvmbeans.mbeans;

/** How the contents of an image are encrypted. */
public enum ImageEncryption {
    /** They are not. */
    NONE,
    /** With qcow2's old scheme, which is weak: such an image can be read and converted only. */
    AES,
    /** With LUKS: key slots hold the key, each under a passphrase of its own. */
    LUKS
}
