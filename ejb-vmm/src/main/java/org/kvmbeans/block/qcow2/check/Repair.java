package org.kvmbeans.block.qcow2.check;

/** What a check may change. */
public enum Repair {
    /** Refcounts that are too high, which cost room alone. */
    LEAKS,
    /** Whatever is wrong; entries that lead nowhere are dropped, and what they led to is lost. */
    ALL
}
