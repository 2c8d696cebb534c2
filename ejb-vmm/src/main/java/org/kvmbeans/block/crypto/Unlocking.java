package org.kvmbeans.block.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.function.IntPredicate;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** From passphrases to master keys and back: what lies in a key slot (LUKS On-Disk Format §4). Keeps no state. */
final class Unlocking {
    private Unlocking() {}

    /** A master key, and the slot that had it; closing overwrites it. */
    static final class Unlocked implements AutoCloseable {
        private final int slot;
        private final byte[] key;

        private Unlocked(int slot, byte[] key) {
            this.slot = slot;
            this.key = key;
        }

        int slot() {
            return slot;
        }

        /** The master key itself. */
        byte[] key() {
            return key;
        }

        @Override
        public void close() {
            Secrets.forget(key);
        }
    }

    /**
     * Tries a passphrase with one slot after the other. A wrong one takes the time of all; who has a right one may know
     * which it is.
     *
     * @param candidates which slots to try
     * @throws DiskImageException DENIED where it opens none
     */
    static Unlocked unlock(LuksHeader header, LuksArea area, byte[] passphrase, IntPredicate candidates)
            throws IOException {
        if (header.usedSlots().isEmpty()) {
            throw new DiskImageException(
                    Kind.DENIED, area.storage().name(), "none of its key slots has a passphrase; restore its header");
        }
        for (int slot : header.usedSlots()) {
            if (!candidates.test(slot)) {
                continue;
            }
            byte[] key = keyOf(header, area, passphrase, slot);
            if (header.digest().matches(header.hash(), key)) {
                return new Unlocked(slot, key);
            }
            Secrets.forget(key);
        }
        throw new DiskImageException(Kind.DENIED, area.storage().name(), "the passphrase does not open it");
    }

    /** What a slot has for a passphrase: the master key, where it is the right one. */
    private static byte[] keyOf(LuksHeader header, LuksArea area, byte[] passphrase, int index) throws IOException {
        LuksKeySlot slot = header.slot(index);
        byte[] material = area.read(slot.materialOffset(), header.materialBytes());
        try (SectorCipher cipher = slotCipher(header, slot, passphrase)) {
            cipher.decrypt(0, ByteBuffer.wrap(material));
            return AntiForensic.merge(header.hash(), material, header.cipher().keyBytes(), LuksKeySlot.STRIPES);
        } finally {
            Secrets.forget(material);
        }
    }

    /** The material of a slot that has the master key for a passphrase. */
    static ByteBuffer material(
            LuksHeader header, LuksKeySlot slot, byte[] passphrase, byte[] masterKey, SecureRandom random) {
        byte[] split = AntiForensic.split(header.hash(), masterKey, LuksKeySlot.STRIPES, random);
        ByteBuffer material = ByteBuffer.allocate(header.materialBytes());
        material.put(split).clear();
        Secrets.forget(split);
        try (SectorCipher cipher = slotCipher(header, slot, passphrase)) {
            cipher.encrypt(0, material);
        }
        return material;
    }

    private static SectorCipher slotCipher(LuksHeader header, LuksKeySlot slot, byte[] passphrase) {
        byte[] key = Pbkdf2.derive(
                header.hash(),
                passphrase,
                slot.salt(),
                slot.iterations(),
                header.cipher().keyBytes());
        try {
            return header.cipher().withKey(key);
        } finally {
            Secrets.forget(key);
        }
    }
}
