package org.kvmbeans.block.nbd;

import java.io.Closeable;
import java.io.IOException;

/** Closes sockets, of which nothing is expected any more. */
final class Closing {
    private Closing() {}

    static void quietly(Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is given back even so, and whatever was still to be sent has no receiver.
            assert e != null;
        }
    }
}
