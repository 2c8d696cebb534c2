package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImageException;

/** The header of a LUKS volume (LUKS On-Disk Format, figure 1): big-endian, 592 bytes. Immutable; may be shown to anybody. */
public final class LuksHeader {
    /** Bytes of it. */
    static final int BYTES = 592;

    /** How many key slots there are. */
    public static final int SLOTS = 8;

    static final long MAGIC = 0x4C55_4B53_BABEL;
    static final int VERSION = 1;
    static final int DIGEST_BYTES = 20;
    static final int TEXT_BYTES = 32;
    static final int UUID_BYTES = 40;
    static final int SLOTS_OFFSET = 208;

    /** Key material begins at multiples of this. */
    private static final int MATERIAL_ALIGNMENT = 4096;

    private final CipherSpec cipher;
    private final HashAlgorithm hash;
    private final long payloadSector;
    private final MasterKeyDigest digest;
    private final String uuid;
    private final List<LuksKeySlot> slots;

    LuksHeader(
            CipherSpec cipher,
            HashAlgorithm hash,
            long payloadSector,
            MasterKeyDigest digest,
            String uuid,
            List<LuksKeySlot> slots) {
        this.cipher = cipher;
        this.hash = hash;
        this.payloadSector = payloadSector;
        this.digest = digest;
        this.uuid = uuid;
        this.slots = List.copyOf(slots);
    }

    /**
     * The header of a new volume, without passphrases: laid out as QEMU and cryptsetup do.
     *
     * @param uuid at most 39 ASCII characters
     */
    static LuksHeader of(CipherSpec cipher, HashAlgorithm hash, MasterKeyDigest digest, String uuid) {
        long slotSectors = slotBytes(cipher) / SectorCipher.SECTOR_BYTES;
        List<LuksKeySlot> slots = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            slots.add(LuksKeySlot.inactive(MATERIAL_ALIGNMENT / SectorCipher.SECTOR_BYTES + i * slotSectors));
        }
        return new LuksHeader(cipher, hash, payloadOffset(cipher) / SectorCipher.SECTOR_BYTES, digest, uuid, slots);
    }

    /** Bytes from a new volume's header to its payload: the header, and the material of all key slots. */
    static long payloadOffset(CipherSpec cipher) {
        return MATERIAL_ALIGNMENT + SLOTS * slotBytes(cipher);
    }

    private static long slotBytes(CipherSpec cipher) {
        long bytes = (long) cipher.keyBytes() * LuksKeySlot.STRIPES;
        return (bytes + MATERIAL_ALIGNMENT - 1) / MATERIAL_ALIGNMENT * MATERIAL_ALIGNMENT;
    }

    /**
     * Reads a header, and refuses what contradicts itself or is not offered.
     *
     * @param source {@link #BYTES} bytes
     * @param image what messages call it
     * @throws DiskImageException CORRUPT or UNSUPPORTED, saying what would be right
     */
    static LuksHeader parse(ByteBuffer source, String image) throws DiskImageException {
        return new LuksHeaderParser(source, image).parse();
    }

    byte[] encode() {
        byte[] header = new byte[BYTES];
        ByteBuffer target = ByteBuffer.wrap(header);
        target.putInt((int) (MAGIC >>> Short.SIZE)).putShort((short) MAGIC).putShort((short) VERSION);
        putText(target, cipher.algorithm().headerName(), TEXT_BYTES);
        putText(target, cipher.modeText(), TEXT_BYTES);
        putText(target, hash.text(), TEXT_BYTES);
        target.putInt((int) payloadSector).putInt(cipher.keyBytes());
        digest.encode(target);
        putText(target, uuid, UUID_BYTES);
        slots.forEach(slot -> slot.encode(target));
        return header;
    }

    private static void putText(ByteBuffer target, String text, int bytes) {
        int end = target.position() + bytes;
        target.put(text.getBytes(StandardCharsets.US_ASCII)).position(end);
    }

    /** The same with another key slot. */
    LuksHeader withSlot(int index, LuksKeySlot slot) {
        List<LuksKeySlot> changed = new ArrayList<>(slots);
        changed.set(index, slot);
        return new LuksHeader(cipher, hash, payloadSector, digest, uuid, changed);
    }

    /** How sectors are encrypted. */
    public CipherSpec cipher() {
        return cipher;
    }

    /** The hash function of passphrases and key material. */
    public HashAlgorithm hash() {
        return hash;
    }

    /** Where the encrypted disk begins, in bytes from the header on; means nothing inside a qcow2 image. */
    public long payloadOffset() {
        return payloadSector * SectorCipher.SECTOR_BYTES;
    }

    /** The volume's UUID, as it is written there; may be empty. */
    public String uuid() {
        return uuid;
    }

    /** Numbers of the key slots that have a passphrase. */
    public List<Integer> usedSlots() {
        List<Integer> used = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            if (slots.get(i).active()) {
                used.add(i);
            }
        }
        return used;
    }

    /**
     * PBKDF2's iterations for the passphrase of a key slot.
     *
     * @return 0 where the slot has none
     */
    public long iterations(int slot) {
        return slots.get(slot).active() ? slots.get(slot).iterations() : 0;
    }

    MasterKeyDigest digest() {
        return digest;
    }

    LuksKeySlot slot(int index) {
        return slots.get(index);
    }

    /** Bytes of a slot's key material, in whole sectors. */
    int materialBytes() {
        int bytes = cipher.keyBytes() * LuksKeySlot.STRIPES;
        return (bytes + SectorCipher.SECTOR_BYTES - 1) & -SectorCipher.SECTOR_BYTES;
    }
}
