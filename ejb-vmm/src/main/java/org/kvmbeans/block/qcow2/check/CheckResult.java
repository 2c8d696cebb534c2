package org.kvmbeans.block.qcow2.check;

import java.util.List;

/**
 * What a check has found, in the terms of {@code qemu-img check}.
 *
 * @param leaks clusters whose refcount is too high: room is lost, but no data in danger
 * @param corruptions of other kinds, which put data in danger
 * @param checkErrors what could not be checked; nothing is repaired where there are any
 * @param leaksFixed leaks that a repair has removed
 * @param corruptionsFixed corruptions that a repair has removed
 * @param imageEndOffset where the last cluster in use ends, bytes
 * @param clusters what the disk has and how it lies
 * @param findings the first of them in words
 */
public record CheckResult(
        long leaks,
        long corruptions,
        long checkErrors,
        long leaksFixed,
        long corruptionsFixed,
        long imageEndOffset,
        ClusterStatistics clusters,
        List<String> findings) {
    /** The most findings that are put in words. */
    public static final int MAX_FINDINGS = 100;

    public CheckResult {
        findings = List.copyOf(findings);
    }

    CheckResult withFindings(List<String> newFindings) {
        return new CheckResult(
                leaks, corruptions, checkErrors, leaksFixed, corruptionsFixed, imageEndOffset, clusters, newFindings);
    }

    /** Whether nothing is wrong any more. */
    public boolean clean() {
        return leaks == 0 && corruptions == 0 && checkErrors == 0;
    }
}
