package org.kvmbeans.block.qcow2;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Decompresses clusters. Used by one thread at a time. */
interface Decompressor extends AutoCloseable {
    /**
     * Fills {@code cluster}.
     *
     * @param data begins with the compressed cluster; anything may stand behind it. A direct buffer, as {@code cluster}
     * @return false where it is not what a cluster is compressed to
     */
    boolean decompress(ByteBuffer data, ByteBuffer cluster);

    @Override
    void close();

    /** Decompressors of one type, kept for further use. May be used from any thread. */
    final class Pool {
        private static final int MAX_IDLE = 8;

        private final CompressionType type;
        private final ConcurrentLinkedDeque<Decompressor> idle = new ConcurrentLinkedDeque<>();

        Pool(CompressionType type) {
            this.type = type;
        }

        boolean decompress(ByteBuffer data, ByteBuffer cluster) {
            Decompressor taken = idle.pollFirst();
            Decompressor decompressor = taken == null ? make() : taken;
            try {
                return decompressor.decompress(data, cluster);
            } finally {
                if (idle.size() < MAX_IDLE) {
                    idle.addFirst(decompressor);
                } else {
                    decompressor.close();
                }
            }
        }

        private Decompressor make() {
            return switch (type) {
                case ZLIB -> new Deflated();
                case ZSTD -> new Zstd();
            };
        }

        void close() {
            for (Decompressor next = idle.pollFirst(); next != null; next = idle.pollFirst()) {
                next.close();
            }
        }
    }

    /** Deflate streams without a header. */
    final class Deflated implements Decompressor {
        private final Inflater inflater = new Inflater(true);

        @Override
        public boolean decompress(ByteBuffer data, ByteBuffer cluster) {
            inflater.reset();
            inflater.setInput(data);
            try {
                while (cluster.hasRemaining()) {
                    if (inflater.inflate(cluster) == 0) {
                        return false;
                    }
                }
                return true;
            } catch (DataFormatException e) {
                return false;
            }
        }

        @Override
        public void close() {
            inflater.end();
        }
    }

    /** Zstandard frames, one or several for a cluster. */
    final class Zstd implements Decompressor {
        private final ZstdDecompressCtx context = new ZstdDecompressCtx();

        @Override
        public boolean decompress(ByteBuffer data, ByteBuffer cluster) {
            try {
                context.reset();
                while (cluster.hasRemaining()) {
                    int before = cluster.remaining() + data.remaining();
                    context.decompressDirectByteBufferStream(cluster, data);
                    if (cluster.remaining() + data.remaining() == before) {
                        return false;
                    }
                }
                return true;
            } catch (ZstdException e) {
                return false;
            }
        }

        @Override
        public void close() {
            context.close();
        }
    }
}
