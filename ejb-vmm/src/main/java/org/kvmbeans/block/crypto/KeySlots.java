package org.kvmbeans.block.crypto;

import java.io.IOException;

/**
 * The passphrases of an encrypted image: up to eight, each of which opens it. May be changed while the disk is in use, from
 * any thread; changes wait for one another.
 *
 * <p>A power cut at any time takes no passphrase away but one that is being removed. What a method is given stays the
 * caller's, to be overwritten when it returns.
 */
public interface KeySlots {
    /** The header as it is now, which says what slots are used. */
    LuksHeader header();

    /**
     * Which slot a passphrase opens; the first, if there are several.
     *
     * @throws org.kvmbeans.block.DiskImageException DENIED where it opens none
     */
    int slotOf(byte[] passphrase) throws IOException;

    /**
     * Adds a passphrase.
     *
     * @param present one that opens the image
     * @param iterationMillis as in {@link LuksOptions}
     * @return the slot that it has
     * @throws org.kvmbeans.block.DiskImageException DENIED where {@code present} opens nothing; NO_SPACE where all slots are
     *     used; READ_ONLY
     */
    int add(byte[] present, byte[] added, long iterationMillis) throws IOException;

    /**
     * Puts another passphrase in the place of one: adds it, then removes the former, so that one of the two opens the image
     * at any time. Needs a free slot meanwhile.
     *
     * @return the slot that the new one has
     * @throws org.kvmbeans.block.DiskImageException as {@link #add}
     */
    int change(byte[] present, byte[] replacement, long iterationMillis) throws IOException;

    /**
     * Removes the passphrase of a slot: its key material is overwritten, then the slot freed.
     *
     * @param remaining one that opens the image by another slot
     * @throws org.kvmbeans.block.DiskImageException DENIED where {@code remaining} does not, so that nobody locks himself
     *     out; READ_ONLY
     */
    void remove(int slot, byte[] remaining) throws IOException;

    /**
     * Removes the passphrase of a slot, though it be the last: then nobody can read the image any more, not even who has a
     * passphrase, unless he has a copy of the header. A disk that is open stays so.
     *
     * @throws org.kvmbeans.block.DiskImageException READ_ONLY
     */
    void erase(int slot) throws IOException;
}
