package org.kvmbeans.block.testing;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Combinations of options so that every two values of two options that go together meet in one of them: the same ones in
 * every run.
 */
public final class Pairwise {
    private static final int TRIES = 60;

    private Pairwise() {}

    /**
     * Finds combinations.
     *
     * @param counts how many values each option has
     * @param valid whether a combination, the number of a value for each option, is one that there may be
     */
    public static List<int[]> combinations(int[] counts, Predicate<int[]> valid) {
        Random random = new Random(7);
        Set<Long> open = new HashSet<>();
        for (int a = 0; a < counts.length; a++) {
            for (int b = a + 1; b < counts.length; b++) {
                for (int i = 0; i < counts[a]; i++) {
                    for (int j = 0; j < counts[b]; j++) {
                        open.add(pair(a, i, b, j));
                    }
                }
            }
        }
        List<int[]> result = new ArrayList<>();
        for (int misses = 0; !open.isEmpty() && misses < 20 * TRIES; ) {
            int[] best = best(counts, valid, open, random);
            if (best.length == 0) {
                misses++;
                continue;
            }
            open.removeAll(pairs(best));
            result.add(best);
        }
        return result;
    }

    private static int[] best(int[] counts, Predicate<int[]> valid, Set<Long> open, Random random) {
        List<Long> wanted = new ArrayList<>(open);
        wanted.sort(null);
        int[] best = new int[0];
        int bestGain = 0;
        for (int attempt = 0; attempt < TRIES; attempt++) {
            int[] candidate = new int[counts.length];
            for (int i = 0; i < counts.length; i++) {
                candidate[i] = random.nextInt(counts[i]);
            }
            long pair = wanted.get(random.nextInt(wanted.size()));
            candidate[(int) (pair >>> 48)] = (int) (pair >>> 32 & 0xFFFF);
            candidate[(int) (pair >>> 16 & 0xFFFF)] = (int) (pair & 0xFFFF);
            if (valid.test(candidate)) {
                Set<Long> gained = pairs(candidate);
                gained.retainAll(open);
                if (gained.size() > bestGain) {
                    best = candidate;
                    bestGain = gained.size();
                }
            }
        }
        return best;
    }

    private static Set<Long> pairs(int[] values) {
        Set<Long> pairs = new HashSet<>();
        for (int a = 0; a < values.length; a++) {
            for (int b = a + 1; b < values.length; b++) {
                pairs.add(pair(a, values[a], b, values[b]));
            }
        }
        return pairs;
    }

    private static long pair(int a, int i, int b, int j) {
        return (long) a << 48 | (long) i << 32 | (long) b << 16 | j;
    }
}
