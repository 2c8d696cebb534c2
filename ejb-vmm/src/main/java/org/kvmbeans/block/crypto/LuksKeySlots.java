package org.kvmbeans.block.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.crypto.Unlocking.Unlocked;

/**
 * The key slots of a LUKS header. Each change writes what it changes and nothing else, in an order that a power cut may
 * interrupt anywhere:
 *
 * <ul>
 *   <li>A new passphrase: key material and the slot's salt, then, once they are durable, the four bytes that make the slot
 *       active. They lie in one sector, which the whole slot does not.
 *   <li>Removal: the key material is overwritten, then, once that is durable, the slot freed. In between the slot is active
 *       and opens nothing, which {@link #remove} is not misled by, since it asks for a passphrase of another slot. The other
 *       way round, a cut would leave a slot that seems free, and whose passphrase still opens the image for him who has its
 *       former header.
 * </ul>
 */
final class LuksKeySlots implements KeySlots {
    private final LuksArea area;
    private final SecureRandom random = new SecureRandom();
    private volatile LuksHeader header;

    LuksKeySlots(LuksArea area, LuksHeader header) {
        this.area = area;
        this.header = header;
    }

    @Override
    public LuksHeader header() {
        return header;
    }

    @Override
    public synchronized int slotOf(byte[] passphrase) throws IOException {
        try (Unlocked unlocked = Unlocking.unlock(header, area, passphrase, slot -> true)) {
            return unlocked.slot();
        }
    }

    @Override
    public synchronized int add(byte[] present, byte[] added, long iterationMillis) throws IOException {
        area.requireWritable();
        int slot = freeSlot();
        try (Unlocked unlocked = Unlocking.unlock(header, area, present, any -> true)) {
            put(slot, unlocked.key(), added, iterationMillis);
        }
        return slot;
    }

    @Override
    public synchronized int change(byte[] present, byte[] replacement, long iterationMillis) throws IOException {
        area.requireWritable();
        int slot = freeSlot();
        try (Unlocked unlocked = Unlocking.unlock(header, area, present, any -> true)) {
            put(slot, unlocked.key(), replacement, iterationMillis);
            erase(unlocked.slot());
        }
        return slot;
    }

    private int freeSlot() throws DiskImageException {
        for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
            if (!header.slot(slot).active()) {
                return slot;
            }
        }
        throw new DiskImageException(
                Kind.NO_SPACE, area.storage().name(), "all its key slots have a passphrase; remove one first");
    }

    /** Gives a slot that is not active a passphrase. */
    synchronized void put(int index, byte[] masterKey, byte[] passphrase, long iterationMillis) throws IOException {
        long iterations = LuksVolume.iterations(header.hash(), header.cipher().keyBytes(), iterationMillis);
        LuksKeySlot slot = header.slot(index).activated(iterations, LuksVolume.salt(random));
        area.write(slot.materialOffset(), Unlocking.material(header, slot, passphrase, masterKey, random));
        ByteBuffer encoded = encode(slot);
        area.write(offset(index), encode(slot).putInt(0, LuksKeySlot.INACTIVE));
        area.storage().flush();
        area.write(offset(index), encoded.limit(Integer.BYTES));
        area.storage().flush();
        header = header.withSlot(index, slot);
    }

    @Override
    public synchronized void remove(int slot, byte[] remaining) throws IOException {
        area.requireWritable();
        requireUsed(slot);
        Unlocking.unlock(header, area, remaining, other -> other != slot).close();
        erase(slot);
    }

    @Override
    public synchronized void erase(int slot) throws IOException {
        area.requireWritable();
        requireUsed(slot);
        byte[] noise = new byte[header.materialBytes()];
        random.nextBytes(noise);
        LuksKeySlot freed = header.slot(slot).deactivated();
        area.write(freed.materialOffset(), ByteBuffer.wrap(noise));
        area.storage().flush();
        area.write(offset(slot), encode(freed));
        area.storage().flush();
        header = header.withSlot(slot, freed);
    }

    private void requireUsed(int slot) throws DiskImageException {
        if (slot < 0 || slot >= LuksHeader.SLOTS || !header.slot(slot).active()) {
            throw new DiskImageException(
                    Kind.NOT_FOUND,
                    area.storage().name(),
                    "key slot " + slot + " has no passphrase; those that have one are " + header.usedSlots());
        }
    }

    private static long offset(int slot) {
        return LuksHeader.SLOTS_OFFSET + (long) slot * LuksKeySlot.BYTES;
    }

    private static ByteBuffer encode(LuksKeySlot slot) {
        ByteBuffer encoded = ByteBuffer.allocate(LuksKeySlot.BYTES);
        slot.encode(encoded);
        return encoded.flip();
    }
}
