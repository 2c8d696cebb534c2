package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;

/** QEMU reads and writes what is made here, and the other way round. */
class LuksQemuTest {
    private static final int SIZE = 1 << 20;
    private static final LuksOptions OPTIONS = CryptoDisk.quick(CipherSpec.DEFAULT, HashAlgorithm.SHA256);

    private Path directory = Path.of("");
    private Path path = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = CryptoDisk.directory();
        path = directory.resolve("disk.luks");
    }

    @AfterEach
    void removeFiles() throws IOException {
        CryptoDisk.delete(directory);
    }

    /** Everything that may be created, each with one of the hash functions. */
    static Stream<LuksOptions> everyOption() {
        List<LuksOptions> all = new ArrayList<>();
        List<HashAlgorithm> hashes = List.of(HashAlgorithm.values());
        for (CipherSpec cipher : SectorCipherTest.everySpec()) {
            if (cipher.keyBytes() % 16 == 0) {
                all.add(CryptoDisk.quick(cipher, hashes.get(all.size() % hashes.size())));
            }
        }
        return all.stream();
    }

    private static void write(LuksImage image, long offset, int length, int fill) throws IOException {
        byte[] data = new byte[length];
        java.util.Arrays.fill(data, (byte) fill);
        image.write(offset, CryptoDisk.vector(data));
    }

    @ParameterizedTest
    @MethodSource("everyOption")
    void qemuReadsAndWritesWhatIsCreatedHere(LuksOptions options) throws IOException {
        CryptoDisk.file(directory, "disk.luks");
        try (LuksImage image = CryptoDisk.create(path, SIZE, options)) {
            write(image, 0, 65536, 0x5A);
            write(image, 512000, 1024, 0xC3);
        }
        CryptoDisk.io(
                directory,
                CryptoDisk.luks(path),
                CryptoDisk.PASSPHRASE,
                "read -P 0x5a 0 65536",
                "read -P 0xc3 512000 1024",
                "write -P 0x77 513024 99328");
        try (LuksImage image = CryptoDisk.open(path, Access.READ_ONLY, CryptoDisk.PASSPHRASE)) {
            assertThat(image.sizeBytes()).isEqualTo(SIZE);
            assertThat(CryptoDisk.read(image, 0, 65536)).containsOnly(0x5A);
            assertThat(CryptoDisk.read(image, 512000, 1024)).containsOnly(0xC3);
            assertThat(CryptoDisk.read(image, 513024, 99328)).containsOnly(0x77);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256,hash-alg=sha1",
                "cipher-alg=aes-192,ivgen-alg=plain,ivgen-hash-alg=sha256,hash-alg=sha512",
                "cipher-alg=serpent-256,ivgen-alg=essiv,hash-alg=ripemd160",
                "cipher-alg=twofish-128,cipher-mode=cbc,ivgen-alg=plain64,hash-alg=sha384",
                "cipher-alg=cast5-128,cipher-mode=cbc,ivgen-alg=plain,hash-alg=sha224",
                "cipher-alg=twofish-256,cipher-mode=ctr,ivgen-alg=essiv,ivgen-hash-alg=md5,hash-alg=md5"
            })
    void readsAndWritesWhatQemuCreates(String options) throws IOException {
        List<Object> create = new ArrayList<>(List.of("create", "-q", "-f", "luks"));
        create.addAll(CryptoDisk.secrets(directory, CryptoDisk.PASSPHRASE));
        create.addAll(List.of("-o", "key-secret=s0,iter-time=10" + (options.isEmpty() ? "" : "," + options)));
        create.addAll(List.of(path, Integer.toString(SIZE)));
        CryptoDisk.img(create);
        CryptoDisk.io(directory, CryptoDisk.luks(path), CryptoDisk.PASSPHRASE, "write -P 0x5a 0 1M");
        try (LuksImage image = CryptoDisk.open(path, Access.READ_WRITE, CryptoDisk.PASSPHRASE)) {
            assertThat(CryptoDisk.read(image, 0, SIZE)).containsOnly(0x5A);
            write(image, 65536, 131072, 0xC3);
        }
        CryptoDisk.io(
                directory,
                CryptoDisk.luks(path),
                CryptoDisk.PASSPHRASE,
                "read -P 0x5a 0 65536",
                "read -P 0xc3 65536 131072",
                "read -P 0x5a 196608 851968");
    }

    private void amend(String options, String... passphrases) throws IOException {
        List<Object> amend = new ArrayList<>(List.of("amend"));
        amend.addAll(CryptoDisk.secrets(directory, passphrases));
        amend.addAll(List.of("-o", options, "--image-opts", CryptoDisk.luks(path)));
        CryptoDisk.img(amend);
    }

    private boolean opens(String passphrase) throws IOException {
        try (LuksImage image = CryptoDisk.open(path, Access.READ_ONLY, passphrase)) {
            return image.sizeBytes() == SIZE;
        } catch (DiskImageException e) {
            assertThat(e.kind()).isEqualTo(DiskImageException.Kind.DENIED);
            return false;
        }
    }

    @Test
    void passphrasesChangedOnEitherSideOpenOnTheOther() throws IOException {
        CryptoDisk.file(directory, "disk.luks");
        try (LuksImage image = CryptoDisk.create(path, SIZE, OPTIONS)) {
            write(image, 0, SIZE, 0x5A);
            byte[] present = CryptoDisk.bytes(CryptoDisk.PASSPHRASE);
            assertThat(image.keySlots().add(present, CryptoDisk.bytes("ours"), 1))
                    .isEqualTo(1);
        }
        CryptoDisk.io(directory, CryptoDisk.luks(path), "ours", "read -P 0x5a 0 1M");

        amend("state=active,new-secret=s1,keyslot=6,iter-time=10", "ours", "theirs");
        try (LuksImage image = CryptoDisk.open(path, Access.READ_WRITE, "theirs")) {
            assertThat(CryptoDisk.read(image, 0, SIZE)).containsOnly(0x5A);
            KeySlots slots = image.keySlots();
            assertThat(slots.header().usedSlots()).containsExactly(0, 1, 6);
            slots.remove(0, CryptoDisk.bytes("theirs"));
            assertThat(slots.change(CryptoDisk.bytes("theirs"), CryptoDisk.bytes("ours again"), 1))
                    .isZero();
        }
        CryptoDisk.io(directory, CryptoDisk.luks(path), "ours again", "read -P 0x5a 0 1M");
        amend("state=inactive,old-secret=s1", "ours", "ours again");
        assertThat(opens("ours")).isTrue();
        assertThat(Stream.of("ours again", "theirs", CryptoDisk.PASSPHRASE).map(passphrase -> {
                    try {
                        return opens(passphrase);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }))
                .containsOnly(false);
    }

    @Test
    void whatQemuWouldNotReadIsNotCreated() {
        assertThatThrownBy(() -> LuksOptions.parse(Map.of("cipher-alg", "serpent-192", "cipher-mode", "ctr")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
