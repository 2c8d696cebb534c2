package org.kvmbeans.block.crypto;

import java.security.GeneralSecurityException;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.KeyParameter;

/** HMAC (RFC 2104) with a key. Used by one thread at a time. */
interface Hmac {
    void update(byte[] data);

    /** Gives the code of what was taken since the last one. */
    void finish(byte[] target);

    /** By the JDK, which uses the CPU's instructions, where it has the hash function. */
    static Hmac of(HashAlgorithm hash, byte[] key) {
        return hash == HashAlgorithm.RIPEMD160 ? lightweight(hash, key) : jdk(hash, key);
    }

    private static Hmac jdk(HashAlgorithm hash, byte[] key) {
        Mac mac;
        try {
            mac = Mac.getInstance("Hmac" + hash.text().toUpperCase(Locale.ROOT));
            // The JDK refuses an empty key. HMAC fills keys up with zeros, so one of a zero byte is the same.
            mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, mac.getAlgorithm()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC of " + hash.text(), e);
        }
        return new Hmac() {
            @Override
            public void update(byte[] data) {
                mac.update(data);
            }

            @Override
            public void finish(byte[] target) {
                try {
                    mac.doFinal(target, 0);
                } catch (ShortBufferException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }

    private static Hmac lightweight(HashAlgorithm hash, byte[] key) {
        HMac mac = new HMac(hash.newDigest());
        mac.init(new KeyParameter(key));
        return new Hmac() {
            @Override
            public void update(byte[] data) {
                mac.update(data, 0, data.length);
            }

            @Override
            public void finish(byte[] target) {
                mac.doFinal(target, 0);
            }
        };
    }
}
