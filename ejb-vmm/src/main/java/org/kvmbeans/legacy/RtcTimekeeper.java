package org.kvmbeans.legacy;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import org.jspecify.annotations.Nullable;

/**
 * The counting part of a real-time clock: the guest's time, and the events that have happened or will.
 *
 * <p>Not thread-safe: the clock's lock guards it.
 */
final class RtcTimekeeper {
    /** No event will come. */
    static final long NEVER = Long.MAX_VALUE;

    static final int ALARM_SECONDS = 0x01;
    static final int ALARM_MINUTES = 0x03;
    static final int ALARM_HOURS = 0x05;

    /** The flags of register C, which lie where register B has the interrupts' enable bits. */
    static final int PERIODIC = 0x40;

    static final int ALARM = 0x20;
    static final int UPDATE_ENDED = 0x10;

    private static final int RATE_MASK = 0x0F;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final int SECONDS_PER_DAY = 86_400;

    /** The data sheet's time from "update in progress" to the update. */
    private static final long UPDATE_NOTICE_NANOS = 244_000;

    /** Keeps a timer that fires a little early from being armed for nothing, over and over. */
    private static final long SHORTEST_DELAY_NANOS = 20_000;

    private final Clock clock;
    private long offsetSeconds;
    private long countedSecond;
    private long periodNanos;
    private long countedPeriod;

    RtcTimekeeper(Clock clock) {
        this.clock = clock;
    }

    LocalDateTime now() {
        // Only the years that four digits show: a guest may set the clock close to their end.
        long newest = LocalDateTime.of(9999, 12, 31, 23, 59, 59).toEpochSecond(ZoneOffset.UTC);
        long oldest = LocalDateTime.of(0, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
        return LocalDateTime.ofEpochSecond(
                Math.max(oldest, Math.min(newest, second(clock.instant()))), 0, ZoneOffset.UTC);
    }

    /** Sets the guest's time; null, which no time registers could show, changes nothing. */
    void set(@Nullable LocalDateTime time) {
        if (time != null) {
            Instant host = clock.instant();
            offsetSeconds = time.toEpochSecond(ZoneOffset.UTC) - host.getEpochSecond();
            countedSecond = second(host);
        }
    }

    /** Counts seconds and periods from now on, at the rate that register A selects. */
    void restart(int registerA) {
        Instant host = clock.instant();
        countedSecond = second(host);
        periodNanos = periodNanos(registerA & RATE_MASK);
        countedPeriod = period(host);
    }

    boolean isAboutToUpdate() {
        return NANOS_PER_SECOND - nanoOfSecond(clock.instant()) <= UPDATE_NOTICE_NANOS;
    }

    /** The flags of what has happened since the last call; nothing but periods happens while the time is being set. */
    int eventsSinceLastCall(RtcEncoding encoding, byte[] registers, boolean setting) {
        Instant host = clock.instant();
        int events = 0;
        long second = second(host);
        if (second > countedSecond && !setting) {
            events |= UPDATE_ENDED;
            long elapsed = second - countedSecond;
            if (secondsToAlarm(countedSecond, encoding, registers) <= elapsed) {
                events |= ALARM;
            }
        }
        countedSecond = second;
        if (period(host) != countedPeriod) {
            events |= PERIODIC;
            countedPeriod = period(host);
        }
        return events;
    }

    /** Nanoseconds until the first event that {@code enabled} names, or {@link #NEVER}. */
    long nanosToNextEvent(int enabled, RtcEncoding encoding, byte[] registers, boolean setting) {
        Instant host = clock.instant();
        long delay = NEVER;
        if ((enabled & PERIODIC) != 0 && periodNanos > 0) {
            delay = periodNanos - Math.floorMod(epochNanos(host), periodNanos);
        }
        if ((enabled & UPDATE_ENDED) != 0 && !setting) {
            delay = Math.min(delay, NANOS_PER_SECOND - nanoOfSecond(host));
        }
        if ((enabled & ALARM) != 0 && !setting) {
            long seconds = secondsToAlarm(second(host), encoding, registers);
            if (seconds != NEVER) {
                delay = Math.min(delay, seconds * NANOS_PER_SECOND - nanoOfSecond(host));
            }
        }
        return Math.max(delay, SHORTEST_DELAY_NANOS);
    }

    /** Seconds from {@code start} to the next second that matches the alarm, 1 to a day, or {@link #NEVER}. */
    private static long secondsToAlarm(long start, RtcEncoding encoding, byte[] registers) {
        int second = encoding.decodeAlarm(registers[ALARM_SECONDS], false);
        int minute = encoding.decodeAlarm(registers[ALARM_MINUTES], false);
        int hour = encoding.decodeAlarm(registers[ALARM_HOURS], true);
        int ofDay = (int) Math.floorMod(start, (long) SECONDS_PER_DAY);
        for (int seconds = 1; seconds <= SECONDS_PER_DAY; seconds++) {
            int candidate = (ofDay + seconds) % SECONDS_PER_DAY;
            if (matches(second, candidate % 60)
                    && matches(minute, candidate / 60 % 60)
                    && matches(hour, candidate / 3600)) {
                return seconds;
            }
        }
        return NEVER;
    }

    private static boolean matches(int wanted, int value) {
        return wanted == RtcEncoding.ANY || wanted == value;
    }

    private long second(Instant host) {
        return host.getEpochSecond() + offsetSeconds;
    }

    private long period(Instant host) {
        return periodNanos == 0 ? 0 : Math.floorDiv(epochNanos(host), periodNanos);
    }

    private static int nanoOfSecond(Instant instant) {
        return instant.get(ChronoField.NANO_OF_SECOND);
    }

    private static long epochNanos(Instant instant) {
        return instant.getEpochSecond() * NANOS_PER_SECOND + instant.getNano();
    }

    /** Table 5 of the data sheet, for the time base of 32.768 kHz: 0 is none, 1 and 2 are as 8 and 9. */
    private static long periodNanos(int rate) {
        if (rate == 0) {
            return 0;
        }
        int divider = rate < 3 ? rate + 7 : rate;
        return (NANOS_PER_SECOND << (divider - 1)) / 32_768;
    }
}
