package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;

/** What a LUKS header says of one of its key slots (LUKS On-Disk Format, figure 2). Immutable. */
final class LuksKeySlot {
    /** Bytes of it in the header. */
    static final int BYTES = 48;

    static final int SALT_BYTES = 32;
    /** Stripes of the anti-forensic splitter: what every implementation writes. */
    static final int STRIPES = 4000;

    static final int ACTIVE = 0x00AC71F3;
    static final int INACTIVE = 0x0000DEAD;

    private final int state;
    private final long iterations;
    private final byte[] salt;
    private final long materialSector;
    private final long stripes;

    private LuksKeySlot(int state, long iterations, byte[] salt, long materialSector, long stripes) {
        this.state = state;
        this.iterations = iterations;
        this.salt = salt;
        this.materialSector = materialSector;
        this.stripes = stripes;
    }

    static LuksKeySlot inactive(long materialSector) {
        return new LuksKeySlot(INACTIVE, 0, new byte[SALT_BYTES], materialSector, STRIPES);
    }

    /** The same with a passphrase. */
    LuksKeySlot activated(long newIterations, byte[] newSalt) {
        return new LuksKeySlot(ACTIVE, newIterations, newSalt.clone(), materialSector, STRIPES);
    }

    /** The same without its passphrase. */
    LuksKeySlot deactivated() {
        return inactive(materialSector);
    }

    /** Reads one, checking nothing. */
    static LuksKeySlot parse(ByteBuffer source) {
        int state = source.getInt();
        long iterations = Integer.toUnsignedLong(source.getInt());
        byte[] salt = new byte[SALT_BYTES];
        source.get(salt);
        long sector = Integer.toUnsignedLong(source.getInt());
        return new LuksKeySlot(state, iterations, salt, sector, Integer.toUnsignedLong(source.getInt()));
    }

    void encode(ByteBuffer target) {
        target.putInt(state)
                .putInt((int) iterations)
                .put(salt)
                .putInt((int) materialSector)
                .putInt((int) stripes);
    }

    int state() {
        return state;
    }

    boolean active() {
        return state == ACTIVE;
    }

    long iterations() {
        return iterations;
    }

    /** The salt itself. */
    byte[] salt() {
        return salt;
    }

    /** Where its key material begins, in bytes from the header on. */
    long materialOffset() {
        return materialSector * SectorCipher.SECTOR_BYTES;
    }

    long stripes() {
        return stripes;
    }
}
