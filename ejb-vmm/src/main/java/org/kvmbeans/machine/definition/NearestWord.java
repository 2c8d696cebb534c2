package org.kvmbeans.machine.definition;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that a person most likely meant. */
final class NearestWord {
    private static final int MAX_DISTANCE = 2;
    private static final int MAX_LENGTH = 120;

    private NearestWord() {}

    /** The one of {@code known} that differs least from {@code word}, where it differs little. */
    static Optional<String> of(String word, List<String> known) {
        if (word.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        String lower = word.toLowerCase(Locale.ROOT);
        return known.stream()
                .filter(key -> distance(lower, key.toLowerCase(Locale.ROOT)) <= MAX_DISTANCE)
                .min(Comparator.comparingInt(key -> distance(lower, key.toLowerCase(Locale.ROOT))));
    }

    /** Levenshtein distance: single characters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
