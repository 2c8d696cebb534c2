package org.kvmbeans.block.crypto;

import java.io.IOException;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * A LUKS image: a header, then the sectors of the disk, encrypted; QEMU's format {@code luks}, and what cryptsetup calls
 * LUKS version 1.
 *
 * <p>Every sector is stored, since zeros are encrypted as well: nothing is given back to the storage, and what a new image
 * holds before it is written is anything.
 */
public final class LuksImage implements DiskImage {
    private final Storage storage;
    private final LuksVolume volume;
    private final DiskGeometry geometry;
    private final long payloadOffset;
    private final EncryptionBuffers buffers;

    private LuksImage(Posix posix, Storage storage, LuksVolume volume) throws IOException {
        this.storage = storage;
        this.volume = volume;
        DiskGeometry below = storage.geometry();
        geometry = new DiskGeometry(below.blockBytes(), below.physicalBlockBytes(), below.optimalIoBytes(), 0);
        payloadOffset = volume.header().payloadOffset();
        buffers = new EncryptionBuffers(posix);
    }

    /**
     * Opens an image with the passphrase that the storage's options have for it.
     *
     * @param storage becomes the image's when this returns, and is closed with it; stays the caller's when this fails
     * @throws DiskImageException DENIED where there is no passphrase or it does not open the image; CORRUPT or UNSUPPORTED,
     *     saying what is wrong with its header; IO_ERROR
     */
    public static LuksImage open(Posix posix, Storage storage) throws IOException {
        LuksArea area = new LuksArea(posix, storage, 0, storage.sizeBytes());
        LuksHeader header = LuksVolume.readHeader(area);
        if (header.payloadOffset() > storage.sizeBytes()) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    storage.name(),
                    "its payload begins at " + header.payloadOffset() + ", and it ends at " + storage.sizeBytes());
        }
        byte[] passphrase = storage.options().secrets().passphrase(storage.name());
        try {
            return opened(posix, storage, LuksVolume.open(area, passphrase));
        } finally {
            Secrets.forget(passphrase);
        }
    }

    /**
     * Creates an image over whatever the storage holds, with the passphrase that the storage's options have for it, and
     * opens it. What the disk holds at first is anything.
     *
     * @param storage as in {@link #open}
     * @param sizeBytes of the disk: above 0, a multiple of the storage's blocks
     * @throws DiskImageException DENIED where there is no passphrase; UNSUPPORTED for another size; IO_ERROR, NO_SPACE
     */
    public static LuksImage create(Posix posix, Storage storage, long sizeBytes, LuksOptions options)
            throws IOException {
        checkSize(storage, sizeBytes, options.headerBytes());
        byte[] passphrase = storage.options().secrets().passphrase(storage.name());
        try {
            storage.resize(options.headerBytes() + sizeBytes);
            LuksArea area = new LuksArea(posix, storage, 0, options.headerBytes());
            return opened(posix, storage, LuksVolume.create(area, options, passphrase));
        } finally {
            Secrets.forget(passphrase);
        }
    }

    private static LuksImage opened(Posix posix, Storage storage, LuksVolume volume) throws IOException {
        try {
            return new LuksImage(posix, storage, volume);
        } catch (IOException | RuntimeException e) {
            volume.close();
            throw e;
        }
    }

    private static void checkSize(Storage storage, long sizeBytes, long payloadOffset) throws IOException {
        int block = storage.geometry().blockBytes();
        if (sizeBytes <= 0 || sizeBytes % block != 0 || sizeBytes > Long.MAX_VALUE - payloadOffset) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    storage.name(),
                    "a disk of " + sizeBytes + " bytes; it must be above 0 and a multiple of " + block);
        }
    }

    /** The passphrases; may be changed while the disk is in use. */
    public KeySlots keySlots() {
        return volume.keySlots();
    }

    @Override
    public long sizeBytes() {
        return (storage.sizeBytes() - payloadOffset) & -geometry.blockBytes();
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return storage.options().access() == Access.READ_ONLY;
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        check(offset, target.totalBytes());
        storage.read(payloadOffset + offset, target);
        volume.cipher().decrypt(offset, target, target);
    }

    @Override
    public void write(long offset, IoVector source) throws IOException {
        check(offset, source.totalBytes());
        requireWritable();
        try (EncryptionBuffers.Buffer buffer = buffers.take()) {
            for (long done = 0; done < source.totalBytes(); ) {
                int length = (int) Math.min(EncryptionBuffers.BYTES, source.totalBytes() - done);
                IoVector encrypted = buffer.vector(length);
                volume.cipher().encrypt(offset + done, buffer.part(source, done, length), encrypted);
                storage.write(payloadOffset + offset + done, encrypted);
                done += length;
            }
        }
    }

    @Override
    public void flush() throws IOException {
        storage.flush();
    }

    /** Does nothing: what the storage had given back would read as anything. */
    @Override
    public void discard(long offset, long length) throws IOException {
        check(offset, length);
        requireWritable();
    }

    /** Writes zeros, encrypted; nothing is unmapped. */
    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        check(offset, length);
        requireWritable();
        writeZeroes(offset, length);
    }

    private void writeZeroes(long offset, long length) throws IOException {
        try (EncryptionBuffers.Buffer buffer = buffers.take()) {
            for (long done = 0; done < length; ) {
                int part = (int) Math.min(EncryptionBuffers.BYTES, length - done);
                IoVector zeros = buffer.vector(part);
                zeros.zero(0, part);
                volume.cipher().encrypt(offset + done, zeros, zeros);
                storage.write(payloadOffset + offset + done, zeros);
                done += part;
            }
        }
    }

    /**
     * Changes the size; what is added is written with encrypted zeros, which takes its time. If that fails, the image has
     * its former size.
     */
    @Override
    public synchronized void resize(long sizeBytes) throws IOException {
        requireWritable();
        checkSize(storage, sizeBytes, payloadOffset);
        long before = sizeBytes();
        try {
            // Written before it can be seen: the storage grows with each write.
            writeZeroes(before, Math.max(0, sizeBytes - before));
            storage.resize(payloadOffset + sizeBytes);
        } catch (IOException | RuntimeException e) {
            shrink(before, e);
            throw e;
        }
    }

    private void shrink(long size, Exception reason) {
        try {
            storage.resize(payloadOffset + size);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    @Override
    public long allocatedBytes() {
        return storage.allocatedBytes();
    }

    @Override
    public void close() throws IOException {
        volume.close();
        storage.close();
    }

    private void requireWritable() throws DiskImageException {
        if (readOnly()) {
            throw new DiskImageException(Kind.READ_ONLY, storage.name(), "it was opened to read");
        }
    }

    private void check(long offset, long length) {
        geometry.requireBlocks(storage.name(), offset, length, sizeBytes());
    }
}
