package org.kvmbeans.legacy;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import org.jspecify.annotations.Nullable;

/**
 * How a real-time clock shows numbers in its registers: BCD or binary, hours of 12 or 24.
 *
 * @param binary numbers are binary rather than BCD (register B, bit 2)
 * @param hours24 hours go to 23; else to 12, with bit 7 for the afternoon (register B, bit 1)
 */
record RtcEncoding(boolean binary, boolean hours24) {
    static final int SECONDS = 0x00;
    static final int MINUTES = 0x02;
    static final int HOURS = 0x04;
    static final int DAY_OF_WEEK = 0x06;
    static final int DAY_OF_MONTH = 0x07;
    static final int MONTH = 0x08;
    static final int YEAR = 0x09;
    static final int CENTURY = 0x32;

    /** What {@link #decodeAlarm} gives for "any value does". */
    static final int ANY = -1;

    private static final int ALARM_ANY = 0xC0;
    private static final int AFTERNOON = 0x80;

    static boolean isTime(int register) {
        return switch (register) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY_OF_MONTH, MONTH, YEAR, CENTURY -> true;
            default -> false;
        };
    }

    /** Shows a time, of the years 0 to 9999, in the time registers among {@code registers}. */
    void encode(LocalDateTime time, byte[] registers) {
        registers[SECONDS] = encode(time.getSecond());
        registers[MINUTES] = encode(time.getMinute());
        registers[HOURS] = encodeHours(time.getHour());
        // The register counts from Sunday as 1, DayOfWeek from Monday as 1.
        registers[DAY_OF_WEEK] = encode(time.getDayOfWeek().getValue() % 7 + 1);
        registers[DAY_OF_MONTH] = encode(time.getDayOfMonth());
        registers[MONTH] = encode(time.getMonthValue());
        registers[YEAR] = encode(Math.floorMod(time.getYear(), 100));
        registers[CENTURY] = encode(Math.floorMod(time.getYear() / 100, 100));
    }

    /** The time that the time registers show, null where they show none. */
    @Nullable
    LocalDateTime decode(byte[] registers) {
        try {
            return LocalDateTime.of(
                    100 * decode(registers[CENTURY]) + decode(registers[YEAR]),
                    decode(registers[MONTH]),
                    decode(registers[DAY_OF_MONTH]),
                    decodeHours(registers[HOURS]),
                    decode(registers[MINUTES]),
                    decode(registers[SECONDS]));
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** The number that an alarm register asks for, or {@link #ANY}. */
    int decodeAlarm(byte register, boolean hours) {
        if ((register & ALARM_ANY) == ALARM_ANY) {
            return ANY;
        }
        return hours ? decodeHours(register) : decode(register);
    }

    private byte encode(int number) {
        return (byte) (binary ? number : ((number / 10) << 4) | (number % 10));
    }

    private byte encodeHours(int hour) {
        if (hours24) {
            return encode(hour);
        }
        int ofTwelve = hour % 12 == 0 ? 12 : hour % 12;
        return (byte) (encode(ofTwelve) | (hour >= 12 ? AFTERNOON : 0));
    }

    private int decode(byte register) {
        int value = register & 0xFF;
        return binary ? value : (value >> 4) * 10 + (value & 0x0F);
    }

    private int decodeHours(byte register) {
        if (hours24) {
            return decode(register);
        }
        int ofTwelve = decode((byte) (register & ~AFTERNOON)) % 12;
        return (register & AFTERNOON) != 0 ? ofTwelve + 12 : ofTwelve;
    }
}
