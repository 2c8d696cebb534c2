package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** PBKDF2 (RFC 8018 §5.2) with HMAC: makes a key of a passphrase, slowly on purpose. */
final class Pbkdf2 {
    /** What is tried at first, and the fewest iterations of a measurement. */
    private static final long FIRST_TRY = 1 << 12;

    private static final long MEASURED_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private Pbkdf2() {}

    /**
     * Makes a key.
     *
     * @param iterations above 0
     * @param keyBytes bytes of the key
     */
    static byte[] derive(HashAlgorithm hash, byte[] passphrase, byte[] salt, long iterations, int keyBytes) {
        Hmac hmac = Hmac.of(hash, passphrase);
        byte[] key = new byte[keyBytes];
        byte[] code = new byte[hash.bytes()];
        byte[] sum = new byte[hash.bytes()];
        for (int block = 0; block * code.length < keyBytes; block++) {
            hmac.update(salt);
            hmac.update(ByteBuffer.allocate(Integer.BYTES).putInt(block + 1).array());
            hmac.finish(code);
            System.arraycopy(code, 0, sum, 0, code.length);
            for (long i = 1; i < iterations; i++) {
                hmac.update(code);
                hmac.finish(code);
                Bytes.xor(sum, 0, code, 0, code.length);
            }
            int start = block * code.length;
            System.arraycopy(sum, 0, key, start, Math.min(sum.length, keyBytes - start));
        }
        Secrets.forget(code, sum);
        return key;
    }

    /** How often HMAC is computed for one iteration of a key. */
    static int rounds(HashAlgorithm hash, int keyBytes) {
        return (keyBytes + hash.bytes() - 1) / hash.bytes();
    }

    /**
     * The iterations that take a time on this machine.
     *
     * @param nanoClock as {@link System#nanoTime}
     */
    static long iterations(HashAlgorithm hash, int keyBytes, long targetMillis, LongSupplier nanoClock) {
        byte[] sample = new byte[keyBytes];
        long wanted = Math.min(MEASURED_NANOS, TimeUnit.MILLISECONDS.toNanos(targetMillis));
        for (long iterations = FIRST_TRY; ; iterations *= 2) {
            long started = nanoClock.getAsLong();
            derive(hash, sample, sample, iterations, keyBytes);
            long nanos = Math.max(1, nanoClock.getAsLong() - started);
            if (nanos >= wanted) {
                return Math.multiplyExact(iterations, TimeUnit.MILLISECONDS.toNanos(targetMillis)) / nanos;
            }
        }
    }
}
