package org.kvmbeans.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A message of the control queues (virtio 1.2, 5.3.6.2): le32 port, le16 event, le16 value; some events have data after
 * it.
 *
 * @param port number of the port, unsigned
 * @param event one of the constants, or what a driver made up; 0 to 65,535
 * @param value 0 to 65,535
 */
record ControlMessage(int port, int event, int value) {
    static final int BYTES = 8;

    /** From the driver: it is ready to hear of ports (value 1), or failed to start (0). */
    static final int DEVICE_READY = 0;
    /** To the driver: there is a port. */
    static final int DEVICE_ADD = 1;
    /** To the driver: a port is gone. */
    static final int DEVICE_REMOVE = 2;
    /** From the driver: it serves a port (value 1), or failed to add it (0). */
    static final int PORT_READY = 3;
    /** To the driver: the port is a console. */
    static final int CONSOLE_PORT = 4;
    /** To the driver: the size of a console; le16 columns and le16 rows follow. */
    static final int RESIZE = 5;
    /** Either way: the port was opened (value 1) or closed (0). */
    static final int PORT_OPEN = 6;
    /** To the driver: the name of a port; its characters follow. */
    static final int PORT_NAME = 7;

    /** Reads one from the first {@link #BYTES} of {@code bytes}; every pattern of bits is one. */
    static ControlMessage parse(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new ControlMessage(
                buffer.getInt(), Short.toUnsignedInt(buffer.getShort()), Short.toUnsignedInt(buffer.getShort()));
    }

    /** What goes to the driver. */
    byte[] encode(byte... data) {
        return ByteBuffer.allocate(BYTES + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(port)
                .putShort((short) event)
                .putShort((short) value)
                .put(data)
                .array();
    }
}
