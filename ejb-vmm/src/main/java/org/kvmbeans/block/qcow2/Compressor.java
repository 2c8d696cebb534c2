package org.kvmbeans.block.qcow2;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.zip.Deflater;

/** Compresses clusters. Used by one thread at a time. */
interface Compressor extends AutoCloseable {
    /** What {@link #compress} returns for data that does not get smaller. */
    int TOO_LARGE = -1;

    /**
     * Compresses a cluster.
     *
     * @param cluster a direct buffer, as {@code target}
     * @param target whose limit says how many bytes it may take at most
     * @return bytes of {@code target} that were used, or {@link #TOO_LARGE}
     */
    int compress(ByteBuffer cluster, ByteBuffer target);

    @Override
    void close();

    /** Compressors of one type, kept for further use. May be used from any thread. */
    final class Pool {
        private static final int MAX_IDLE = 8;

        private final CompressionType type;
        private final ConcurrentLinkedDeque<Compressor> idle = new ConcurrentLinkedDeque<>();

        Pool(CompressionType type) {
            this.type = type;
        }

        int compress(ByteBuffer cluster, ByteBuffer target) {
            Compressor taken = idle.pollFirst();
            Compressor compressor = taken == null ? make() : taken;
            try {
                return compressor.compress(cluster, target);
            } finally {
                if (idle.size() < MAX_IDLE) {
                    idle.addFirst(compressor);
                } else {
                    compressor.close();
                }
            }
        }

        private Compressor make() {
            return switch (type) {
                case ZLIB -> new Deflated();
                case ZSTD -> new Zstd();
            };
        }

        void close() {
            for (Compressor next = idle.pollFirst(); next != null; next = idle.pollFirst()) {
                next.close();
            }
        }
    }

    /**
     * Deflate streams without a header. Their window is 32 KiB where the specification has 4 KiB: whoever inflates a cluster
     * in one go, as everybody does, needs no window at all.
     */
    final class Deflated implements Compressor {
        private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);

        @Override
        public int compress(ByteBuffer cluster, ByteBuffer target) {
            int start = target.position();
            deflater.reset();
            deflater.setInput(cluster);
            deflater.finish();
            while (!deflater.finished()) {
                if (deflater.deflate(target) == 0) {
                    return TOO_LARGE;
                }
            }
            return target.position() - start;
        }

        @Override
        public void close() {
            deflater.end();
        }
    }

    /** A Zstandard frame. */
    final class Zstd implements Compressor {
        private final ZstdCompressCtx context = new ZstdCompressCtx();

        @Override
        public int compress(ByteBuffer cluster, ByteBuffer target) {
            try {
                return context.compressDirectByteBuffer(
                        target,
                        target.position(),
                        target.remaining(),
                        cluster,
                        cluster.position(),
                        cluster.remaining());
            } catch (ZstdException e) {
                return TOO_LARGE;
            }
        }

        @Override
        public void close() {
            context.close();
        }
    }
}
