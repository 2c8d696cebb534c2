package org.kvmbeans.mbeans;

/**
 * A stretch of what a guest has written to a serial port.
 *
 * <p>A serial port numbers the bytes its guest transmits, from 0 at its definition, and keeps the most recent ones. A
 * reader goes on at {@code endPosition}; a {@code startPosition} beyond the position it asked for tells that it came too
 * late for the bytes between.
 *
 * @param startPosition position of the first byte of {@code data}
 * @param endPosition position after the last byte of {@code data}
 * @param data the bytes, as the guest wrote them
 */
@SuppressWarnings("ArrayRecordComponent") // a JMX client needs the bytes, nobody compares two of these
public record SerialOutput(long startPosition, long endPosition, byte[] data) {}
