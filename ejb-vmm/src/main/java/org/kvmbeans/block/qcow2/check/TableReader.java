package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.StorageBuffer;

/** Reads tables of entries of 8 bytes in large pieces, passing over holes, which are entries of 0. Used by one thread. */
final class TableReader {
    private final Storage storage;
    private final StorageBuffer buffer;

    TableReader(Scope scope) {
        storage = scope.storage();
        buffer = new StorageBuffer(scope.posix(), scope.pieceBytes());
    }

    /** Takes a piece of a table. */
    interface Visitor {
        /**
         * A piece.
         *
         * @param bytes its entries from byte 0 on, big-endian
         * @param count how many
         * @param firstIndex the number of its first entry in the table
         * @return whether it has changed them, and they are to be written back
         */
        boolean visit(ByteBuffer bytes, int count, long firstIndex) throws IOException;
    }

    void read(long offset, long entries, Visitor visitor) throws IOException {
        long end = offset + entries * Long.BYTES;
        for (long position = offset; position < end; ) {
            Extent extent = storage.extent(position, end - position);
            // An extent may end in the midst of an entry, which the next piece then has to take from its beginning.
            long whole = extent.end() - offset & -Long.BYTES;
            if (extent.readsAsZeros() && offset + whole > position) {
                position = offset + whole;
                continue;
            }
            int bytes = (int) Math.min(buffer.capacity(), end - position);
            buffer.read(storage, position, 0, bytes);
            if (visitor.visit(buffer.bytes(), bytes / Long.BYTES, (position - offset) / Long.BYTES)) {
                buffer.write(storage, position, 0, bytes);
            }
            position += bytes;
        }
    }
}
