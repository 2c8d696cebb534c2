package org.kvmbeans.virtio.testdriver;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Feeds a parser with mutations of good inputs: the same ones in every run.
 *
 * <p>A fuzz target is a static method that takes bytes, parses them as the guest's, and throws where a rule is broken; what
 * the parser may throw at bad input it catches. Each has two tests: one with these mutations, which runs in every build,
 * and one for Jazzer, which looks for inputs that reach new code as long as it is let:
 *
 * <pre>{@code
 * class FooFuzzTest {
 *     static void target(byte[] input) { ... }
 *
 *     @Test
 *     void mutations() {
 *         Mutations.run(List.of(goodRequest()), 20_000, FooFuzzTest::target);
 *     }
 *
 *     @FuzzTest(maxDuration = "1m")
 *     void fuzz(byte[] input) {
 *         target(input);
 *     }
 * }
 * }</pre>
 *
 * <p>Jazzer's agent changes every class of its JVM, so its tests run by themselves and on demand:
 * {@code JAZZER_FUZZ=1 mvn test -pl mbeans,ejb-vmm -DexcludedGroups= -Dtest='FooFuzzTest#fuzz' -Dsurefire.failIfNoSpecifiedTests=false}.
 * A finding, from either, becomes a named test.
 */
public final class Mutations {
    private static final long[] EDGES = {
        0,
        1,
        -1,
        2,
        4,
        7,
        8,
        15,
        16,
        17,
        0x7F,
        0x80,
        0xFF,
        0xFFF,
        0x1000,
        0x7FFF,
        0x8000,
        0xFFFF,
        1 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xFFFF_FFFFL,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private Mutations() {}

    /**
     * Runs {@code target} with each seed as it is, with every truncation of it, and with {@code rounds} mutations.
     *
     * @throws AssertionError that has the input, in hexadecimal, where the target threw
     */
    public static void run(List<byte[]> seeds, int rounds, Consumer<byte[]> target) {
        for (byte[] seed : seeds) {
            for (int length = seed.length; length >= 0; length--) {
                feed(target, Arrays.copyOf(seed, length), "truncated to " + length);
            }
        }
        Random random = new Random(42);
        for (int round = 0; round < rounds; round++) {
            byte[] mutant = seeds.get(random.nextInt(seeds.size())).clone();
            for (int i = random.nextInt(6); i >= 0; i--) {
                mutate(mutant, random);
            }
            feed(target, mutant, "round " + round);
        }
    }

    /** An input as a named test has it. */
    public static byte[] bytes(String hexadecimal) {
        return HexFormat.of().parseHex(hexadecimal);
    }

    private static void feed(Consumer<byte[]> target, byte[] input, String what) {
        try {
            target.accept(input.clone());
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what + ": " + HexFormat.of().formatHex(input), e);
        }
    }

    /** Puts an edge, another part of the input or noise somewhere. */
    private static void mutate(byte[] input, Random random) {
        if (input.length == 0) {
            return;
        }
        int offset = random.nextInt(input.length);
        if (random.nextBoolean()) {
            offset &= -8;
        }
        int width = Math.min(1 << random.nextInt(5), input.length - offset);
        switch (random.nextInt(4)) {
            case 0 -> input[offset] ^= (byte) (1 << random.nextInt(8));
            case 1 -> System.arraycopy(input, random.nextInt(input.length - width + 1), input, offset, width);
            default -> {
                long value = random.nextInt(4) == 0 ? random.nextLong() : EDGES[random.nextInt(EDGES.length)];
                for (int i = 0; i < Math.min(width, Long.BYTES); i++) {
                    input[offset + i] = (byte) (value >>> (i * 8));
                }
            }
        }
    }
}
