package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A header extension as it stands in the image (specification, "Header extensions").
 *
 * @param type number of its type
 * @param data its bytes without padding, big-endian; every caller gets a view of his own
 */
public record HeaderExtension(int type, ByteBuffer data) {
    static final int END = 0;
    static final int BACKING_FORMAT = 0xE279_2ACA;
    static final int FEATURE_NAMES = 0x6803_F857;
    static final int BITMAPS = 0x2385_2875;
    static final int ENCRYPTION = 0x0537_BE77;
    static final int DATA_FILE = 0x4441_5441;

    /** Type and length in front of the data. */
    static final int HEAD_BYTES = 8;

    private static final int ALIGNMENT = 8;

    public HeaderExtension {
        data = data.slice().asReadOnlyBuffer();
    }

    HeaderExtension(int type, String text) {
        this(type, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public ByteBuffer data() {
        return data.duplicate();
    }

    String text() {
        return StandardCharsets.UTF_8.decode(data()).toString();
    }

    /** Bytes that it takes in the header, with head and padding. */
    int storedBytes() {
        return HEAD_BYTES + padded(data.capacity());
    }

    static int padded(int bytes) {
        return bytes + ALIGNMENT - 1 & -ALIGNMENT;
    }
}
