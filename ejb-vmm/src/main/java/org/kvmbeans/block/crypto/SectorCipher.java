package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import org.kvmbeans.sys.IoVector;

/**
 * Encrypts and decrypts sectors of 512 bytes, each by itself: equal sectors at different offsets look different.
 *
 * <p>The offset is that of the first byte in whatever numbers the sectors: the disk for a LUKS image and for qcow2's
 * legacy AES; the file that holds the cluster, so the host cluster offset, for LUKS in qcow2 (docs/interop/qcow2.txt, "Data
 * encryption"). Offsets and lengths are multiples of {@link #SECTOR_BYTES}; others are refused with
 * {@link IllegalArgumentException}, and nothing is then changed.
 *
 * <p>May be used from many threads at once; a request allocates nothing once as many have run at a time before.
 */
public interface SectorCipher extends AutoCloseable {
    /** Bytes of a sector. */
    int SECTOR_BYTES = 512;

    /**
     * Encrypts all of {@code source} into the first bytes of {@code target}, which may be the same object but must not
     * otherwise share memory with it.
     *
     * @param target of as many bytes at least
     */
    void encrypt(long offset, IoVector source, IoVector target);

    /** Decrypts all of {@code source} into the first bytes of {@code target}; as {@link #encrypt(long, IoVector, IoVector)}. */
    void decrypt(long offset, IoVector source, IoVector target);

    /** Encrypts the bytes between a buffer's position and limit in their place; both stay as they are. */
    void encrypt(long offset, ByteBuffer data);

    /** Decrypts the bytes between a buffer's position and limit in their place; both stay as they are. */
    void decrypt(long offset, ByteBuffer data);

    /** Forgets the key: overwritten, as far as this object has it. Idempotent; comes when no request is in progress. */
    @Override
    void close();
}
