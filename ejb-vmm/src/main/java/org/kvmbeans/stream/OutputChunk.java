package org.kvmbeans.stream;

/**
 * A stretch of a guest's output.
 *
 * @param startPosition position of the first byte of {@code data}; bytes are numbered from 0 over the life of its port
 * @param endPosition position after the last byte of {@code data}, where the next read goes on
 * @param data the bytes as the guest sent them
 */
@SuppressWarnings("ArrayRecordComponent") // handed over once and never compared
public record OutputChunk(long startPosition, long endPosition, byte[] data) {}
