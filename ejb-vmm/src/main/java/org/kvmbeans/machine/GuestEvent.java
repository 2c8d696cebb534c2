package org.kvmbeans.machine;

/** What a guest, or a failure under it, ends a power cycle with. */
record GuestEvent(Kind kind, String detail) {
    enum Kind {
        RESET,
        POWER_OFF,
        DEBUG_EXIT,
        TRIPLE_FAULT,
        VMM_ERROR
    }
}
