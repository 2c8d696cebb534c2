package org.kvmbeans.block.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.UUID;
import org.kvmbeans.block.crypto.Unlocking.Unlocked;

/**
 * A LUKS header, in a file of its own or inside a qcow2 image, that a passphrase has opened: the cipher of the sectors, and
 * the key slots. The storage stays the caller's, and outlives it.
 */
public final class LuksVolume implements AutoCloseable {
    /** The fewest iterations: QEMU's QCRYPTO_BLOCK_LUKS_MIN_SLOT_KEY_ITERS. */
    static final long MIN_ITERATIONS = 1000;
    /** The most rounds of PBKDF2 for a passphrase, so that eight of them stay below what an opener takes. */
    static final long MAX_SLOT_ROUNDS = LuksHeaderParser.MAX_ROUNDS / 16;

    private static final int DIGEST_SHARE = 8;

    private final SectorCipher cipher;
    private final LuksKeySlots keySlots;

    private LuksVolume(LuksArea area, LuksHeader header, byte[] masterKey) {
        cipher = header.cipher().withKey(masterKey);
        keySlots = new LuksKeySlots(area, header);
    }

    /**
     * Reads a header, for which no passphrase is needed.
     *
     * @throws org.kvmbeans.block.DiskImageException CORRUPT or UNSUPPORTED, saying what is wrong; IO_ERROR
     */
    public static LuksHeader readHeader(LuksArea area) throws IOException {
        ByteBuffer header = ByteBuffer.wrap(area.read(0, LuksHeader.BYTES));
        return LuksHeader.parse(header, area.storage().name());
    }

    /**
     * Opens a volume. Takes as long as the iterations that its creator chose, and less than a minute in any case.
     *
     * @param passphrase stays the caller's, to be overwritten when this returns
     * @throws org.kvmbeans.block.DiskImageException DENIED where it opens none of the key slots; as {@link #readHeader}
     */
    public static LuksVolume open(LuksArea area, byte[] passphrase) throws IOException {
        LuksHeader header = readHeader(area);
        try (Unlocked unlocked = Unlocking.unlock(header, area, passphrase, slot -> true)) {
            return new LuksVolume(area, header, unlocked.key());
        }
    }

    /**
     * Writes a new header with a new master key, durably, over whatever was in the area, and opens it.
     *
     * @param area of {@link LuksOptions#headerBytes} at least
     * @param passphrase stays the caller's, to be overwritten when this returns; it has key slot 0
     */
    public static LuksVolume create(LuksArea area, LuksOptions options, byte[] passphrase) throws IOException {
        area.requireWritable();
        SecureRandom random = new SecureRandom();
        byte[] masterKey = new byte[options.cipher().keyBytes()];
        random.nextBytes(masterKey);
        try {
            long millis = Math.max(1, options.iterationMillis() / DIGEST_SHARE);
            long iterations = iterations(options.hash(), LuksHeader.DIGEST_BYTES, millis);
            MasterKeyDigest digest = MasterKeyDigest.of(options.hash(), masterKey, salt(random), iterations);
            LuksHeader header = LuksHeader.of(
                    options.cipher(), options.hash(), digest, UUID.randomUUID().toString());
            area.write(0, ByteBuffer.wrap(header.encode()));
            LuksVolume volume = new LuksVolume(area, header, masterKey);
            volume.keySlots.put(0, masterKey, passphrase, options.iterationMillis());
            return volume;
        } finally {
            Secrets.forget(masterKey);
        }
    }

    static byte[] salt(SecureRandom random) {
        byte[] salt = new byte[LuksKeySlot.SALT_BYTES];
        random.nextBytes(salt);
        return salt;
    }

    /** Iterations that take a time here, within what is safe and what an opener takes. */
    static long iterations(HashAlgorithm hash, int keyBytes, long millis) {
        long most = MAX_SLOT_ROUNDS / Pbkdf2.rounds(hash, keyBytes);
        return Math.max(MIN_ITERATIONS, Math.min(most, Pbkdf2.iterations(hash, keyBytes, millis, System::nanoTime)));
    }

    /** The cipher of the disk's sectors; closed with this. */
    public SectorCipher cipher() {
        return cipher;
    }

    /** The passphrases. */
    public KeySlots keySlots() {
        return keySlots;
    }

    /** The header as it is now. */
    public LuksHeader header() {
        return keySlots.header();
    }

    /** Forgets the key. Idempotent; comes when no request is in progress. */
    @Override
    public void close() {
        cipher.close();
    }
}
