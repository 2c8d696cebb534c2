package org.kvmbeans.machine.definition;

/** Whether the files that a definition names must be there while it is read. */
enum FileRule {
    MUST_BE_THERE,
    MAY_BE_GONE
}
