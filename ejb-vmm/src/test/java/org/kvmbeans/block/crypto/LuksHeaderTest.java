package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

class LuksHeaderTest {
    private static final int CIPHER = 8;
    private static final int MODE = 40;
    private static final int HASH = 72;
    private static final int PAYLOAD = 104;
    private static final int KEY_BYTES = 108;
    private static final int DIGEST_ITERATIONS = 164;
    private static final int SLOT_1 = LuksHeader.SLOTS_OFFSET + LuksKeySlot.BYTES;

    static LuksHeader good() {
        MasterKeyDigest digest = MasterKeyDigest.of(HashAlgorithm.SHA256, new byte[64], new byte[32], 1000);
        LuksHeader empty =
                LuksHeader.of(CipherSpec.DEFAULT, HashAlgorithm.SHA256, digest, "b9cbc4b6-9a3b-4a8b-8d9a-3a0f4f6d8a01");
        return empty.withSlot(1, empty.slot(1).activated(2345, new byte[32]));
    }

    private static LuksHeader parse(byte[] header) throws DiskImageException {
        return LuksHeader.parse(ByteBuffer.wrap(header), "disk.luks");
    }

    private static byte[] with(LuksHeader header, int offset, int value) {
        byte[] encoded = header.encode();
        ByteBuffer.wrap(encoded).putInt(offset, value);
        return encoded;
    }

    private static void refuses(Kind kind, String message, int offset, int value) {
        byte[] header = with(good(), offset, value);
        assertThatThrownBy(() -> parse(header))
                .hasMessage("disk.luks: " + message)
                .extracting(e -> ((DiskImageException) e).kind())
                .isEqualTo(kind);
    }

    private static void refusesText(Kind kind, String message, int offset, String text) {
        byte[] header = good().encode();
        ByteBuffer.wrap(header).put(offset, new byte[32]).put(offset, text.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> parse(header))
                .hasMessage("disk.luks: " + message)
                .extracting(e -> ((DiskImageException) e).kind())
                .isEqualTo(kind);
    }

    @Test
    void readsWhatItWrites() throws IOException {
        LuksHeader header = parse(good().encode());
        assertThat(header.encode()).isEqualTo(good().encode());
        assertThat(header.cipher()).isEqualTo(CipherSpec.DEFAULT);
        assertThat(header.hash()).isEqualTo(HashAlgorithm.SHA256);
        assertThat(header.uuid()).isEqualTo("b9cbc4b6-9a3b-4a8b-8d9a-3a0f4f6d8a01");
        assertThat(header.usedSlots()).containsExactly(1);
        assertThat(header.iterations(1)).isEqualTo(2345);
        assertThat(header.iterations(0)).isZero();
    }

    @Test
    void isLaidOutAsQemuDoes() {
        // qemu-img info says so of an image of the default cipher.
        assertThat(good().payloadOffset()).isEqualTo(2068480);
        assertThat(good().slot(0).materialOffset()).isEqualTo(4096);
        assertThat(good().slot(7).materialOffset()).isEqualTo(1810432);
    }

    @Test
    void refusesWhatIsNoLuks1Header() {
        refuses(Kind.CORRUPT, "it has no LUKS header; is its format another one?", 0, 0x4C554B54);
        refuses(Kind.UNSUPPORTED, "it is LUKS version 2; version 1 is offered", 4, 0xBABE0002);
        assertThatThrownBy(() -> parse(new byte[591]))
                .hasMessage("disk.luks: 591 bytes are no LUKS header; it has 592");
    }

    @Test
    void refusesNamesThatItDoesNotKnow() {
        refusesText(Kind.UNSUPPORTED, "hash 'whirlpool' is not offered", HASH, "whirlpool");
        refusesText(
                Kind.UNSUPPORTED,
                "cipher 'rot13' with a key of 64 bytes is not offered in mode 'xts-plain64'",
                CIPHER,
                "rot13");
        refusesText(Kind.UNSUPPORTED, "cipher mode 'lrw-benbi' is not offered", MODE, "lrw-benbi");
        refusesText(Kind.UNSUPPORTED, "cipher mode 'xts-benbi' has an unknown generator", MODE, "xts-benbi");
        refusesText(Kind.UNSUPPORTED, "cipher mode 'xts-essiv:sha3' has an unknown hash", MODE, "xts-essiv:sha3");
        refusesText(
                Kind.UNSUPPORTED, "cipher 'aes' in mode 'xts-essiv': essiv needs a hash function", MODE, "xts-essiv");
        refusesText(Kind.CORRUPT, "cipher mode 'xts' is not of the form mode-generator", MODE, "xts");
        refusesText(
                Kind.CORRUPT,
                "the name of the hash does not end within 32 bytes",
                HASH,
                "sha256".repeat(6).substring(0, 32));
        refusesText(
                Kind.CORRUPT, "the name of the hash has a byte that is no printable ASCII character", HASH, "sha\n256");
    }

    @Test
    void refusesKeysOfAnotherLength() {
        for (int bytes : new int[] {0, 1, 63, 65, 66, 128, -1}) {
            refuses(
                    bytes == 65 || bytes == 129 ? Kind.CORRUPT : Kind.UNSUPPORTED,
                    bytes == 65
                            ? "a key of 65 bytes; aes-256-xts-plain64 has 64"
                            : "cipher 'aes' with a key of " + Integer.toUnsignedLong(bytes)
                                    + " bytes is not offered in mode 'xts-plain64'",
                    KEY_BYTES,
                    bytes);
        }
    }

    @Test
    void ignoresAHashThatTheGeneratorDoesNotNeed() throws IOException {
        byte[] header = good().encode();
        ByteBuffer.wrap(header).put(MODE, "xts-plain64:sha256".getBytes(StandardCharsets.US_ASCII));
        assertThat(parse(header).cipher()).isEqualTo(CipherSpec.DEFAULT);
    }

    @Test
    void refusesKeyMaterialWhereSomethingElseIs() {
        refuses(Kind.CORRUPT, "the material of key slot 1 at 512 lies over the header", SLOT_1 + 40, 1);
        refuses(Kind.CORRUPT, "the material of key slots 0 and 1 overlaps", SLOT_1 + 40, 8 + 499);
        refuses(
                Kind.CORRUPT,
                "the material of key slot 1 ends at 2068992, and the payload begins at 2068480",
                SLOT_1 + 40,
                2068992 / 512 - 500);
        refuses(
                Kind.CORRUPT,
                "the material of key slot 1 ends at 2199023511040, and the payload begins at 2068480",
                SLOT_1 + 40,
                -1);
        refuses(Kind.CORRUPT, "the material of key slot 0 ends at 260096, and the payload begins at 4096", PAYLOAD, 8);
    }

    @Test
    void refusesKeySlotsThatContradictThemselves() {
        refuses(Kind.CORRUPT, "key slot 1 is in state 0xac71f4; it must be 0xac71f3 or 0xdead", SLOT_1, 0xAC71F4);
        refuses(Kind.CORRUPT, "the iterations of key slot 1 are 0; they must be above", SLOT_1 + 4, 0);
        refuses(Kind.UNSUPPORTED, "key slot 1 has 2147483648 stripes; 4000 are offered", SLOT_1 + 44, 1 << 31);
        refuses(
                Kind.CORRUPT,
                "the iterations of the master key's digest are 0; they must be above",
                DIGEST_ITERATIONS,
                0);
    }

    @Test
    void refusesIterationsThatWouldTakeForever() {
        refuses(
                Kind.UNSUPPORTED,
                "trying a passphrase would take 8589935590 rounds of PBKDF2; at most 268435456 are carried out",
                SLOT_1 + 4,
                -1);
        refuses(
                Kind.UNSUPPORTED,
                "trying a passphrase would take 4294971985 rounds of PBKDF2; at most 268435456 are carried out",
                DIGEST_ITERATIONS,
                -1);
    }

    @Test
    void whatIsCreatedHereIsOpenedHereWithEightPassphrases() throws IOException {
        for (HashAlgorithm hash : HashAlgorithm.values()) {
            long rounds = LuksVolume.MAX_SLOT_ROUNDS / Pbkdf2.rounds(hash, 64);
            MasterKeyDigest digest = MasterKeyDigest.of(hash, new byte[64], new byte[32], 1);
            LuksHeader header = LuksHeader.of(CipherSpec.DEFAULT, hash, digest, "");
            for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
                header = header.withSlot(slot, header.slot(slot).activated(rounds, new byte[32]));
            }
            long iterations = LuksVolume.MAX_SLOT_ROUNDS / Pbkdf2.rounds(hash, LuksHeader.DIGEST_BYTES);
            assertThat(parse(with(header, DIGEST_ITERATIONS, (int) iterations))).isNotNull();
        }
    }

    @Test
    void optionsAreThoseOfQemu() {
        assertThat(LuksOptions.parse(Map.of())).isEqualTo(LuksOptions.DEFAULT);
        assertThat(LuksOptions.parse(Map.of(
                        "cipher-alg", "serpent-128",
                        "cipher-mode", "cbc",
                        "ivgen-alg", "essiv",
                        "hash-alg", "sha512",
                        "iter-time", "10")))
                .isEqualTo(new LuksOptions(
                        new CipherSpec(
                                CipherAlgorithm.SERPENT_128, CipherMode.CBC, IvGenerator.ESSIV, HashAlgorithm.SHA256),
                        HashAlgorithm.SHA512,
                        10));
        assertThatThrownBy(() -> LuksOptions.parse(Map.of("cipher-alg", "aes")))
                .hasMessageStartingWith(
                        "cipher-alg is 'aes'; it must be one of aes-128, aes-192, aes-256, serpent-128,");
        assertThatThrownBy(() -> LuksOptions.parse(Map.of("cypher", "aes")))
                .hasMessageStartingWith("[cypher] are no options of LUKS; those are [cipher-alg, cipher-mode,");
        assertThatThrownBy(() -> LuksOptions.parse(Map.of("iter-time", "0")))
                .hasMessage("iter-time is 0; it must be 1 to 60000 ms");
        assertThatThrownBy(() -> LuksOptions.parse(Map.of("cipher-alg", "aes-192", "cipher-mode", "cbc")))
                .hasMessageStartingWith("aes-192 in mode cbc has key material that ends within a sector");
    }
}
