package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/**
 * The first cluster of an image: reads its header, and writes another in its place so that whatever happens on the way, one
 * of the two can be read.
 *
 * <p>A header that differs in its first sector alone, which all but long names and many unknown extensions leave it to, is
 * written by one write of a sector. One that differs further on has its rest written first, in bytes that the present one
 * does not use if there is room. Used by one thread at a time.
 */
public final class Qcow2HeaderFile {
    private static final int FIRST_READ_BYTES = 1 << 16;

    private final Posix posix;
    private final Storage storage;
    private Qcow2Header header;
    /** The cluster up to its last byte that is in use. */
    private ByteBuffer written;

    private int nameOffset;

    private Qcow2HeaderFile(Posix posix, Storage storage, ByteBuffer cluster) throws DiskImageException {
        this.posix = posix;
        this.storage = storage;
        header = new HeaderParser(storage.name(), cluster).parse();
        written = ByteBuffer.allocate(used(cluster));
        written.put(0, cluster, 0, written.capacity());
        nameOffset = header.backingFile() == null ? 0 : (int) written.getLong(8);
    }

    /**
     * Reads the header of an image.
     *
     * @throws DiskImageException UNSUPPORTED where it is no qcow2 image or has features that are unknown here; CORRUPT where
     *     it contradicts itself
     */
    public static Qcow2HeaderFile open(Posix posix, Storage storage) throws IOException {
        StorageBuffer buffer = new StorageBuffer(posix, FIRST_READ_BYTES);
        buffer.read(storage, 0, 0, (int)
                Math.min(FIRST_READ_BYTES, Math.max(HeaderEncoder.SECTOR_BYTES, storage.sizeBytes())));
        int clusterBytes = 1 << new HeaderParser(storage.name(), buffer.bytes()).clusterBits();
        if (clusterBytes > FIRST_READ_BYTES) {
            buffer = new StorageBuffer(posix, clusterBytes);
            buffer.read(storage, 0, 0, clusterBytes);
        }
        return new Qcow2HeaderFile(posix, storage, buffer.bytes().slice(0, clusterBytes));
    }

    /**
     * Writes the first header of an image, over whatever was there, and makes it durable.
     *
     * @throws DiskImageException UNSUPPORTED where a cluster has no room for it
     */
    static void write(Posix posix, Storage storage, Qcow2Header header) throws IOException {
        ByteBuffer bytes = HeaderEncoder.encode(storage.name(), header, 0, 0).bytes();
        StorageBuffer cluster = new StorageBuffer(posix, header.layout().clusterBytes());
        cluster.bytes().put(0, bytes, 0, bytes.capacity());
        cluster.write(storage, 0, 0, cluster.capacity());
        storage.flush();
    }

    /** The header as it is in the image. */
    public Qcow2Header header() {
        return header;
    }

    /**
     * Puts another header in the place of the present one. All that was written before is durable before it is, and it is when
     * this returns; where this fails, either may be there.
     *
     * @throws DiskImageException UNSUPPORTED where a cluster has no room for it; nothing is written then
     */
    public void replace(Qcow2Header next) throws IOException {
        if (next.equals(header)) {
            return;
        }
        int keptName = Objects.equals(next.backingFile(), header.backingFile()) ? nameOffset : 0;
        HeaderEncoder.Encoded encoded = HeaderEncoder.encode(storage.name(), next, keptName, written.capacity());
        ByteBuffer wanted = encoded.bytes();
        storage.flush();
        ByteBuffer both = withPresentRest(encoded);
        if (!rest(both).equals(rest(written))) {
            write(both, HeaderEncoder.SECTOR_BYTES);
            storage.flush();
        }
        write(wanted.slice(0, HeaderEncoder.SECTOR_BYTES), 0);
        storage.flush();
        header = next;
        written = wanted;
        nameOffset = next.backingFile() == null ? 0 : encoded.nameOffset();
        if (!rest(both).equals(rest(wanted))) {
            ByteBuffer cleared = ByteBuffer.allocate(both.capacity()).put(0, wanted, 0, wanted.capacity());
            write(cleared, HeaderEncoder.SECTOR_BYTES);
        }
    }

    /** The next header's bytes, and wherever it has none those of the present one, which still counts. */
    private ByteBuffer withPresentRest(HeaderEncoder.Encoded next) {
        ByteBuffer bytes = next.bytes();
        ByteBuffer both = ByteBuffer.allocate(Math.max(written.capacity(), bytes.capacity()));
        both.put(0, written, 0, written.capacity());
        both.put(0, bytes, 0, next.extensionEnd());
        both.put(next.nameOffset(), bytes, next.nameOffset(), Math.max(0, bytes.capacity() - next.nameOffset()));
        return both;
    }

    private static ByteBuffer rest(ByteBuffer cluster) {
        return cluster.slice(HeaderEncoder.SECTOR_BYTES, cluster.capacity() - HeaderEncoder.SECTOR_BYTES);
    }

    private void write(ByteBuffer bytes, int from) throws IOException {
        int length = bytes.capacity() - from;
        StorageBuffer buffer = new StorageBuffer(posix, length);
        buffer.bytes().put(0, bytes, from, length);
        buffer.write(storage, from, 0, length);
    }

    /** How many bytes there are up to the last one that is not 0; at least a sector. */
    private static int used(ByteBuffer cluster) {
        int end = cluster.capacity();
        while (end > HeaderEncoder.SECTOR_BYTES && cluster.get(end - 1) == 0) {
            end--;
        }
        return end;
    }
}
