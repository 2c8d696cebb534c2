package org.kvmbeans.block.crypto;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a new LUKS volume is encrypted.
 *
 * @param hash the hash function of passphrases and key material
 * @param iterationMillis how long a passphrase takes to try on this machine, 1 to {@link #MAX_ITERATION_MILLIS}
 */
public record LuksOptions(CipherSpec cipher, HashAlgorithm hash, long iterationMillis) {
    /** What {@link #iterationMillis} is in QEMU where nothing is said. */
    public static final long DEFAULT_ITERATION_MILLIS = 2000;

    /** A minute: nobody waits longer for a passphrase. */
    public static final long MAX_ITERATION_MILLIS = 60_000;

    /** What QEMU chooses where nothing is said: AES-256 in XTS mode, SHA-256, two seconds. */
    public static final LuksOptions DEFAULT =
            new LuksOptions(CipherSpec.DEFAULT, HashAlgorithm.SHA256, DEFAULT_ITERATION_MILLIS);

    private static final Set<String> NAMES =
            Set.of("cipher-alg", "cipher-mode", "ivgen-alg", "ivgen-hash-alg", "hash-alg", "iter-time");

    /** @throws IllegalArgumentException saying what would be right */
    public LuksOptions {
        if (iterationMillis < 1 || iterationMillis > MAX_ITERATION_MILLIS) {
            throw new IllegalArgumentException(
                    "iter-time is " + iterationMillis + "; it must be 1 to " + MAX_ITERATION_MILLIS + " ms");
        }
        if (cipher.keyBytes() * LuksKeySlot.STRIPES % SectorCipher.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(
                    cipher.algorithm().text() + " in mode "
                            + cipher.mode().text()
                            + " has key material that ends within a sector, which QEMU does not read; take xts, or another cipher");
        }
    }

    /**
     * Options by the names that QEMU gives them, without a prefix: {@code cipher-alg}, {@code cipher-mode},
     * {@code ivgen-alg}, {@code ivgen-hash-alg}, {@code hash-alg}, {@code iter-time} in milliseconds. What is not said is as
     * in {@link #DEFAULT}.
     *
     * @throws IllegalArgumentException naming the option and what would be right
     */
    public static LuksOptions parse(Map<String, String> options) {
        if (!NAMES.containsAll(options.keySet())) {
            Set<String> unknown = new TreeSet<>(options.keySet());
            unknown.removeAll(NAMES);
            throw new IllegalArgumentException(unknown + " are no options of LUKS; those are " + new TreeSet<>(NAMES));
        }
        CipherAlgorithm algorithm =
                option(options, "cipher-alg", CipherAlgorithm.AES_256, CipherAlgorithm::of, CipherAlgorithm.values());
        CipherMode mode = option(options, "cipher-mode", CipherMode.XTS, CipherMode::of, CipherMode.values());
        IvGenerator generator =
                option(options, "ivgen-alg", IvGenerator.PLAIN64, IvGenerator::of, IvGenerator.values());
        HashAlgorithm ivHash = hash(options, "ivgen-hash-alg");
        HashAlgorithm hash = hash(options, "hash-alg");
        String millis = options.getOrDefault("iter-time", Long.toString(DEFAULT_ITERATION_MILLIS));
        if (!millis.matches("[0-9]{1,6}")) {
            throw new IllegalArgumentException("iter-time is '" + millis + "'; it must be a number of milliseconds");
        }
        CipherSpec cipher = new CipherSpec(algorithm, mode, generator, generator == IvGenerator.ESSIV ? ivHash : null);
        return new LuksOptions(cipher, hash, Long.parseLong(millis));
    }

    private static HashAlgorithm hash(Map<String, String> options, String name) {
        return option(options, name, HashAlgorithm.SHA256, HashAlgorithm::of, HashAlgorithm.values());
    }

    private static <T extends Enum<T>> T option(
            Map<String, String> options, String name, T otherwise, Function<String, Optional<T>> lookup, T[] values) {
        @Nullable String text = options.get(name);
        if (text == null) {
            return otherwise;
        }
        return lookup.apply(text)
                .orElseThrow(() -> new IllegalArgumentException(name + " is '" + text
                        + "'; it must be one of "
                        + Arrays.stream(values)
                                .map(value ->
                                        value.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                                .collect(Collectors.joining(", "))));
    }

    /** Bytes that a new volume's header and key material take: what to reserve for them, and where the payload begins. */
    public long headerBytes() {
        return LuksHeader.payloadOffset(cipher);
    }
}
