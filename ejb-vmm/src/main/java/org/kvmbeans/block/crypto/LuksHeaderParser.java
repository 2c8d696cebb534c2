package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Reads a LUKS header that anybody may have written. Used once. */
final class LuksHeaderParser {
    /**
     * How often HMAC is computed for a passphrase at the most, over all key slots: less than a minute on any machine of
     * today. QEMU and cryptsetup stay below with eight slots of two seconds each.
     */
    static final long MAX_ROUNDS = 1L << 28;

    private final ByteBuffer source;
    private final String image;

    LuksHeaderParser(ByteBuffer source, String image) {
        this.source = source.duplicate();
        this.image = image;
    }

    LuksHeader parse() throws DiskImageException {
        if (source.remaining() < LuksHeader.BYTES) {
            throw corrupt(source.remaining() + " bytes are no LUKS header; it has " + LuksHeader.BYTES);
        }
        long magic = (Integer.toUnsignedLong(source.getInt()) << Short.SIZE) | (source.getShort() & 0xFFFF);
        if (magic != LuksHeader.MAGIC) {
            throw corrupt("it has no LUKS header; is its format another one?");
        }
        int version = source.getShort() & 0xFFFF;
        if (version != LuksHeader.VERSION) {
            throw unsupported("it is LUKS version " + version + "; version 1 is offered");
        }
        String cipherName = text("cipher", LuksHeader.TEXT_BYTES);
        String modeText = text("cipher mode", LuksHeader.TEXT_BYTES);
        String hashName = text("hash", LuksHeader.TEXT_BYTES);
        HashAlgorithm hash =
                HashAlgorithm.of(hashName).orElseThrow(() -> unsupported("hash '" + hashName + "' is not offered"));
        long payloadSector = Integer.toUnsignedLong(source.getInt());
        CipherSpec cipher = cipher(cipherName, modeText, Integer.toUnsignedLong(source.getInt()));
        MasterKeyDigest digest = new MasterKeyDigest(
                bytes(LuksHeader.DIGEST_BYTES), bytes(LuksKeySlot.SALT_BYTES), Integer.toUnsignedLong(source.getInt()));
        if (digest.iterations() == 0) {
            throw corrupt("the iterations of the master key's digest are 0; they must be above");
        }
        String uuid = text("UUID", LuksHeader.UUID_BYTES);
        List<LuksKeySlot> slots = new ArrayList<>();
        for (int i = 0; i < LuksHeader.SLOTS; i++) {
            slots.add(LuksKeySlot.parse(source));
        }
        LuksHeader header = new LuksHeader(cipher, hash, payloadSector, digest, uuid, slots);
        checkSlots(header);
        checkRounds(header);
        return header;
    }

    private CipherSpec cipher(String cipherName, String modeText, long keyBytes) throws DiskImageException {
        int dash = modeText.indexOf('-');
        if (dash < 0) {
            throw corrupt("cipher mode '" + modeText + "' is not of the form mode-generator");
        }
        CipherMode mode = CipherMode.of(modeText.substring(0, dash))
                .orElseThrow(() -> unsupported("cipher mode '" + modeText + "' is not offered"));
        int colon = modeText.indexOf(':', dash);
        IvGenerator generator = IvGenerator.of(modeText.substring(dash + 1, colon < 0 ? modeText.length() : colon))
                .orElseThrow(() -> unsupported("cipher mode '" + modeText + "' has an unknown generator"));
        HashAlgorithm ivHash = ivHash(modeText, generator, colon);
        long cipherKeyBytes = mode == CipherMode.XTS ? keyBytes / 2 : keyBytes;
        // An odd key length of XTS is refused as well, being no cipher's twice.
        CipherAlgorithm algorithm = CipherAlgorithm.of(cipherName, (int) Math.min(cipherKeyBytes, Integer.MAX_VALUE))
                .orElseThrow(() -> unsupported("cipher '" + cipherName + "' with a key of " + keyBytes
                        + " bytes is not offered in mode '" + modeText + "'"));
        try {
            CipherSpec spec = new CipherSpec(algorithm, mode, generator, ivHash);
            if (spec.keyBytes() != keyBytes) {
                throw corrupt("a key of " + keyBytes + " bytes; " + spec + " has " + spec.keyBytes());
            }
            return spec;
        } catch (IllegalArgumentException e) {
            throw unsupported("cipher '" + cipherName + "' in mode '" + modeText + "': " + e.getMessage());
        }
    }

    /** Generators that need no hash function may have one all the same: dm-crypt and QEMU ignore it. */
    private @Nullable HashAlgorithm ivHash(String modeText, IvGenerator generator, int colon)
            throws DiskImageException {
        if (generator != IvGenerator.ESSIV || colon < 0) {
            return null;
        }
        return HashAlgorithm.of(modeText.substring(colon + 1))
                .orElseThrow(() -> unsupported("cipher mode '" + modeText + "' has an unknown hash"));
    }

    private void checkSlots(LuksHeader header) throws DiskImageException {
        for (int i = 0; i < LuksHeader.SLOTS; i++) {
            LuksKeySlot slot = header.slot(i);
            if (slot.state() != LuksKeySlot.ACTIVE && slot.state() != LuksKeySlot.INACTIVE) {
                throw corrupt("key slot " + i + " is in state 0x" + Integer.toHexString(slot.state())
                        + "; it must be 0xac71f3 or 0xdead");
            }
            if (slot.stripes() != LuksKeySlot.STRIPES) {
                throw unsupported("key slot " + i + " has " + slot.stripes() + " stripes; 4000 are offered");
            }
            if (slot.active() && slot.iterations() == 0) {
                throw corrupt("the iterations of key slot " + i + " are 0; they must be above");
            }
            long start = slot.materialOffset();
            if (start < LuksHeader.BYTES) {
                throw corrupt("the material of key slot " + i + " at " + start + " lies over the header");
            }
            long end = start + header.materialBytes();
            if (end > header.payloadOffset()) {
                throw corrupt("the material of key slot " + i + " ends at " + end + ", and the payload begins at "
                        + header.payloadOffset());
            }
            for (int other = 0; other < i; other++) {
                if (Math.abs(header.slot(other).materialOffset() - start) < header.materialBytes()) {
                    throw corrupt("the material of key slots " + other + " and " + i + " overlaps");
                }
            }
        }
    }

    private void checkRounds(LuksHeader header) throws DiskImageException {
        long ofDigest = Pbkdf2.rounds(header.hash(), LuksHeader.DIGEST_BYTES)
                * header.digest().iterations();
        long ofKey = Pbkdf2.rounds(header.hash(), header.cipher().keyBytes());
        long rounds = header.usedSlots().stream()
                .mapToLong(slot -> ofKey * header.iterations(slot) + ofDigest)
                .sum();
        if (rounds > MAX_ROUNDS) {
            throw unsupported("trying a passphrase would take " + rounds + " rounds of PBKDF2; at most " + MAX_ROUNDS
                    + " are carried out");
        }
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        source.get(bytes);
        return bytes;
    }

    /** Text that ends with a zero byte; of printable ASCII, since it will be in messages. */
    private String text(String what, int count) throws DiskImageException {
        byte[] bytes = bytes(count);
        for (int i = 0; i < count; i++) {
            if (bytes[i] == 0) {
                return new String(bytes, 0, i, StandardCharsets.US_ASCII);
            }
            if (bytes[i] < ' ' || bytes[i] > '~') {
                throw corrupt("the name of the " + what + " has a byte that is no printable ASCII character");
            }
        }
        throw corrupt("the name of the " + what + " does not end within " + count + " bytes");
    }

    private DiskImageException corrupt(String what) {
        return new DiskImageException(Kind.CORRUPT, image, what);
    }

    private DiskImageException unsupported(String what) {
        return new DiskImageException(Kind.UNSUPPORTED, image, what);
    }
}
