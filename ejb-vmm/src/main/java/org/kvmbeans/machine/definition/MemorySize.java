package org.kvmbeans.machine.definition;

import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 512MiB}. */
final class MemorySize {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,19})(B|KiB|MiB|GiB|TiB)");
    private static final Map<String, Integer> SHIFTS = Map.of("B", 0, "KiB", 10, "MiB", 20, "GiB", 30, "TiB", 40);
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private MemorySize() {}

    /** The bytes that {@code text} says, or nothing where it is no size or more than a long can hold. */
    static OptionalLong parse(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        int shift = SHIFTS.getOrDefault(matcher.group(2), 0);
        try {
            return OptionalLong.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
        } catch (ArithmeticException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** The size in the largest unit that divides it, so that {@link #parse} gives it back. */
    static String format(long bytes) {
        int unit = 0;
        long amount = bytes;
        while (unit < UNITS.length - 1 && amount != 0 && amount % 1024 == 0) {
            amount /= 1024;
            unit++;
        }
        return amount + UNITS[unit];
    }
}
