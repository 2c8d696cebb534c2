package org.kvmbeans.block.file;

import java.io.IOException;

/** A server of the lab that this host uses at the same time. */
interface NetworkServer extends AutoCloseable {
    /** The server goes away, in the midst of whatever is asked of it. */
    void stop() throws IOException;

    /** The server comes back. */
    void start() throws IOException;

    @Override
    void close() throws IOException;
}
