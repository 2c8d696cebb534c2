package org.kvmbeans.block.qcow2.check;

import java.util.ArrayList;
import java.util.List;

/** Counts what is wrong and keeps the first findings in words. Used by one thread. */
final class Findings {
    private final List<String> texts = new ArrayList<>();
    private long leaks;
    private long corruptions;
    private long checkErrors;

    void leak(String what, long first, long second, long third) {
        leaks++;
        say(what, first, second, third);
    }

    /** Something is wrong; {@code what} is a format whose arguments are offsets or counts. */
    void corruption(String what, long first, long second, long third) {
        corruptions++;
        say(what, first, second, third);
    }

    void corruption(String what, long first, long second) {
        corruption(what, first, second, 0);
    }

    void corruption(String what, long first) {
        corruption(what, first, 0, 0);
    }

    /** Something is wrong that is described already. */
    void corruption(String text) {
        corruptions++;
        keep(text);
    }

    /** Something could not be looked at. */
    void checkError(String text) {
        checkErrors++;
        keep(text);
    }

    private void say(String what, long first, long second, long third) {
        if (texts.size() < CheckResult.MAX_FINDINGS) {
            texts.add(String.format(java.util.Locale.ROOT, what, first, second, third));
        }
    }

    private void keep(String text) {
        if (texts.size() < CheckResult.MAX_FINDINGS) {
            texts.add(text);
        }
    }

    long leaks() {
        return leaks;
    }

    long corruptions() {
        return corruptions;
    }

    long checkErrors() {
        return checkErrors;
    }

    List<String> texts() {
        return texts;
    }
}
