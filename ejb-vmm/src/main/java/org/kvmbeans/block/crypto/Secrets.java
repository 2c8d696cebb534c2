package org.kvmbeans.block.crypto;

import java.util.Arrays;

/** Bytes that nobody else shall see. */
final class Secrets {
    private Secrets() {}

    /** Overwrites them. */
    static void forget(byte[]... secrets) {
        for (byte[] secret : secrets) {
            Arrays.fill(secret, (byte) 0);
        }
    }
}
