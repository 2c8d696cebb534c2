package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A name as it stands in an image: bytes that are to be written as they were read, even where they are no text.
 *
 * @param bytes every caller gets a view of his own
 */
public record StoredName(ByteBuffer bytes) {
    public StoredName {
        bytes = bytes.slice().asReadOnlyBuffer();
    }

    public static StoredName of(String text) {
        return new StoredName(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public ByteBuffer bytes() {
        return bytes.duplicate();
    }

    public int length() {
        return bytes.capacity();
    }

    /** The text; U+FFFD stands for what is not UTF-8. */
    public String text() {
        return StandardCharsets.UTF_8.decode(bytes()).toString();
    }

    @Override
    public String toString() {
        return text();
    }
}
