package org.kvmbeans.virtio.balloon;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What a guest told about its memory at one moment. All of it is the guest's word.
 *
 * @param takenAtMillis when it arrived, milliseconds since 1970
 * @param values what the guest told, each 0 or more; which ones depends on the guest
 */
public record BalloonStatistics(long takenAtMillis, Map<BalloonStatistic, Long> values) {
    /** An entry is a le16 tag and a le64 value, packed. */
    static final int ENTRY_BYTES = Short.BYTES + Long.BYTES;

    /** More than any driver sends: 16 kinds of statistics are known. */
    static final int MAX_BYTES = 256 * ENTRY_BYTES;

    public BalloonStatistics {
        Map<BalloonStatistic, Long> copy = new EnumMap<>(BalloonStatistic.class);
        copy.putAll(values);
        values = Collections.unmodifiableMap(copy);
    }

    /** A value; empty where the guest did not tell it. */
    public OptionalLong value(BalloonStatistic statistic) {
        Long value = values.get(statistic);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /**
     * Reads the entries of a statistics buffer. Unknown tags are skipped, as are values of 2^63 or more, with which drivers
     * say that they do not know, and an incomplete entry at the end; of a tag that comes twice the later value counts.
     */
    static BalloonStatistics parse(byte[] bytes, int length, long takenAtMillis) {
        ByteBuffer entries = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
        Map<BalloonStatistic, Long> values = new EnumMap<>(BalloonStatistic.class);
        while (entries.remaining() >= ENTRY_BYTES) {
            int tag = Short.toUnsignedInt(entries.getShort());
            long value = entries.getLong();
            if (value >= 0) {
                BalloonStatistic.ofTag(tag).ifPresent(statistic -> values.put(statistic, value));
            }
        }
        return new BalloonStatistics(takenAtMillis, values);
    }
}
