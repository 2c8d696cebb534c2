package org.kvmbeans.stream;

/** A port by which a guest and its operators exchange characters: a serial port, a console. Thread-safe. */
public interface CharacterPort {
    /** Bytes of the host's input that the guest has taken. */
    long bytesReceived();

    /** Bytes that the guest has transmitted. */
    long bytesTransmitted();

    /** Bytes of input that wait for the guest. */
    int inputPendingBytes();

    /** The most bytes of input that may wait for the guest. */
    int inputCapacityBytes();

    /**
     * Offers input to the guest: all of it is accepted, or none.
     *
     * @throws IllegalStateException where it does not fit; the message tells the room left and the size offered
     */
    void offerInput(byte[] bytes);

    /** The newest output; see {@link OutputHistory#tail}. */
    byte[] tail(int bytes);

    /** Output from a position on; see {@link OutputHistory#readFrom}. */
    OutputChunk readFrom(long position, int maxBytes, long waitMillis);
}
