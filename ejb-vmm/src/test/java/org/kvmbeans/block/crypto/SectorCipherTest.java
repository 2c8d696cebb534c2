package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kvmbeans.sys.IoVector;

class SectorCipherTest {
    private static final int SECTOR = SectorCipher.SECTOR_BYTES;
    /** IEEE 1619-2007, annex B, vector 4: XTS-AES-128, data unit 0. */
    private static final String VECTOR_4 =
            "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89cc78cf7f5e543445f8333d8fa7f560000"
                    + "05279fa5d8b5e4ad40e736ddb4d35412328063fd2aab53e5ea1e0a9f332500a5df9487d07a5c92cc512c8866c7e860ce"
                    + "93fdf166a24912b422976146ae20ce846bb7dc9ba94a767aaef20c0d61ad02655ea92dc4c4e41a8952c651d33174be51"
                    + "a10c421110e6d81588ede82103a252d8a750e8768defffed9122810aaeb99f9172af82b604dc4b8e51bcb08235a6f434"
                    + "1332e4ca60482a4ba1a03b3e65008fc5da76b70bf1690db4eae29c5f1badd03c5ccf2a55d705ddcd86d449511ceb7ec3"
                    + "0bf12b1fa35b913f9f747a8afd1b130e94bff94effd01a91735ca1726acd0b197c4e5b03393697e126826fb6bbde8ecc"
                    + "1e08298516e2c9ed03ff3c1b7860f6de76d4cecd94c8119855ef5297ca67e9f3e7ff72b1e99785ca0a7e7720c5b36dc6"
                    + "d72cac9574c8cbbc2f801e23e56fd344b07f22154beba0f08ce8891e643ed995c94d9a69c9f1b5f499027a78572aeebd"
                    + "74d20cc39881c213ee770b1010e4bea718846977ae119f7a023ab58cca0ad752afe656bb3c17256a9f6e9bf19fdd5a38"
                    + "fc82bbe872c5539edb609ef4f79c203ebb140f2e583cb2ad15b4aa5b655016a8449277dbd477ef2c8d6c017db738b18d"
                    + "eb4a427d1923ce3ff262735779a418f20a282df920147beabe421ee5319d0568";
    /** The same, vector 10, its first 64 bytes: XTS-AES-256, data unit 255. */
    private static final String VECTOR_10 = "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b"
            + "5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd";

    private static final String KEY_10 = "2718281828459045235360287471352662497757247093699959574966967627"
            + "3141592653589793238462643383279502884197169399375105820974944592";

    static List<CipherSpec> everySpec() {
        List<CipherSpec> specs = new ArrayList<>();
        for (CipherAlgorithm algorithm : CipherAlgorithm.values()) {
            for (CipherMode mode : CipherMode.values()) {
                for (IvGenerator generator : IvGenerator.values()) {
                    Stream<HashAlgorithm> hashes = generator == IvGenerator.ESSIV
                            ? Stream.of(HashAlgorithm.MD5, HashAlgorithm.SHA256)
                            : Stream.of((HashAlgorithm) null);
                    hashes.forEach(hash -> add(specs, algorithm, mode, generator, hash));
                }
            }
        }
        return specs;
    }

    private static void add(
            List<CipherSpec> specs,
            CipherAlgorithm algorithm,
            CipherMode mode,
            IvGenerator generator,
            HashAlgorithm hash) {
        boolean hasKey = hash == null || algorithm != CipherAlgorithm.CAST5_128 || hash == HashAlgorithm.MD5;
        if (hasKey && (mode != CipherMode.XTS || algorithm != CipherAlgorithm.CAST5_128)) {
            specs.add(new CipherSpec(algorithm, mode, generator, hash));
        }
    }

    private static byte[] counting(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    private static byte[] encrypted(CipherSpec spec, byte[] key, long offset, byte[] plain) {
        byte[] data = plain.clone();
        try (SectorCipher cipher = spec.withKey(key)) {
            cipher.encrypt(offset, ByteBuffer.wrap(data));
        }
        return data;
    }

    @Test
    void xtsIsThatOfIeee1619() {
        CipherSpec aes128 = new CipherSpec(CipherAlgorithm.AES_128, CipherMode.XTS, IvGenerator.PLAIN64, null);
        byte[] key = HexFormat.of().parseHex("2718281828459045235360287471352631415926535897932384626433832795");
        assertThat(HexFormat.of().formatHex(encrypted(aes128, key, 0, counting(SECTOR))))
                .isEqualTo(VECTOR_4);

        byte[] sector255 =
                encrypted(CipherSpec.DEFAULT, HexFormat.of().parseHex(KEY_10), 255 * SECTOR, counting(SECTOR));
        assertThat(HexFormat.of().formatHex(sector255)).startsWith(VECTOR_10);
    }

    @ParameterizedTest
    @MethodSource("everySpec")
    void aSectorIsTheSameAloneAndAmongOthers(CipherSpec spec) {
        byte[] key = CryptoDisk.noise(spec.keyBytes(), 1);
        byte[] plain = CryptoDisk.noise(100 * SECTOR, 2);
        long start = 7L << 32;
        byte[] together = encrypted(spec, key, start, plain);
        for (int at = 0; at < plain.length; at += SECTOR) {
            byte[] alone = encrypted(spec, key, start + at, Arrays.copyOfRange(plain, at, at + SECTOR));
            assertThat(alone).isEqualTo(Arrays.copyOfRange(together, at, at + SECTOR));
        }
        try (SectorCipher cipher = spec.withKey(key)) {
            cipher.decrypt(start, ByteBuffer.wrap(together));
        }
        assertThat(together).isEqualTo(plain);
    }

    @ParameterizedTest
    @MethodSource("everySpec")
    void equalSectorsLookDifferentExceptInEcb(CipherSpec spec) {
        byte[] data = encrypted(spec, CryptoDisk.noise(spec.keyBytes(), 1), 0, new byte[2 * SECTOR]);
        boolean equal = Arrays.equals(data, 0, SECTOR, data, SECTOR, 2 * SECTOR);
        assertThat(equal).isEqualTo(spec.mode() == CipherMode.ECB);
    }

    @Test
    void plainBeginsAnewBeyondTwoTebibytes() {
        CipherSpec plain = new CipherSpec(CipherAlgorithm.AES_256, CipherMode.XTS, IvGenerator.PLAIN, null);
        byte[] key = CryptoDisk.noise(64, 1);
        byte[] first = encrypted(plain, key, 0, new byte[SECTOR]);
        assertThat(encrypted(plain, key, 2L << 40, new byte[SECTOR])).isEqualTo(first);
        assertThat(encrypted(CipherSpec.DEFAULT, key, 2L << 40, new byte[SECTOR]))
                .isNotEqualTo(first);
    }

    @Test
    void segmentsMayEndAnywhere() {
        Random random = new Random(5);
        byte[] key = CryptoDisk.noise(64, 1);
        byte[] plain = CryptoDisk.noise(300 * SECTOR, 2);
        byte[] expected = encrypted(CipherSpec.DEFAULT, key, SECTOR, plain);
        try (SectorCipher cipher = CipherSpec.DEFAULT.withKey(key)) {
            IoVector source = CryptoDisk.scattered(plain, random);
            IoVector target = CryptoDisk.scattered(new byte[plain.length + 9], random);
            cipher.encrypt(SECTOR, source, target);
            assertThat(Arrays.copyOf(CryptoDisk.contents(target), plain.length)).isEqualTo(expected);
            assertThat(CryptoDisk.contents(source)).isEqualTo(plain);

            IoVector inPlace = CryptoDisk.scattered(expected, random);
            cipher.decrypt(SECTOR, inPlace, inPlace);
            assertThat(CryptoDisk.contents(inPlace)).isEqualTo(plain);
        }
    }

    @Test
    void partOfABufferIsChangedAlone() {
        byte[] key = CryptoDisk.noise(64, 1);
        byte[] data = new byte[4 * SECTOR];
        ByteBuffer buffer = ByteBuffer.wrap(data).position(SECTOR).limit(3 * SECTOR);
        try (SectorCipher cipher = CipherSpec.DEFAULT.withKey(key)) {
            cipher.encrypt(0, buffer);
        }
        byte[] expected = encrypted(CipherSpec.DEFAULT, key, 0, new byte[2 * SECTOR]);
        assertThat(Arrays.copyOfRange(data, SECTOR, 3 * SECTOR)).isEqualTo(expected);
        assertThat(Arrays.copyOf(data, SECTOR)).containsOnly(0);
        assertThat(Arrays.copyOfRange(data, 3 * SECTOR, 4 * SECTOR)).containsOnly(0);
        assertThat(buffer.position()).isEqualTo(SECTOR);
        assertThat(buffer.limit()).isEqualTo(3 * SECTOR);
    }

    @Test
    void manyThreadsDoNotDisturbOneAnother() throws Exception {
        byte[] key = CryptoDisk.noise(64, 1);
        ExecutorService threads = Executors.newFixedThreadPool(40);
        try (SectorCipher cipher = CipherSpec.DEFAULT.withKey(key)) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                long offset = (long) i * SECTOR;
                byte[] plain = CryptoDisk.noise(200 * SECTOR, i);
                results.add(threads.submit(() -> {
                    byte[] data = plain.clone();
                    cipher.encrypt(offset, ByteBuffer.wrap(data));
                    cipher.decrypt(offset, ByteBuffer.wrap(data));
                    return Arrays.equals(data, plain);
                }));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void refusesPartsOfSectors() {
        try (SectorCipher cipher = CipherSpec.DEFAULT.withKey(new byte[64])) {
            assertThatThrownBy(() -> cipher.encrypt(1, ByteBuffer.allocate(SECTOR)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("512 bytes at 1; both must be multiples of 512");
            assertThatThrownBy(() -> cipher.decrypt(0, ByteBuffer.allocate(SECTOR + 16)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cipher.encrypt(
                            0, CryptoDisk.vector(new byte[SECTOR]), CryptoDisk.vector(new byte[SECTOR - 1])))
                    .hasMessage("512 bytes into 511");
        }
    }

    @Test
    void aClosedCipherIsOfNoUse() {
        SectorCipher cipher = CipherSpec.DEFAULT.withKey(new byte[64]);
        cipher.close();
        assertThatThrownBy(() -> cipher.encrypt(0, ByteBuffer.allocate(SECTOR)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesPartsThatDoNotGoTogether() {
        assertThatThrownBy(() -> new CipherSpec(CipherAlgorithm.CAST5_128, CipherMode.XTS, IvGenerator.PLAIN, null))
                .hasMessage("cast5-128 has blocks of 8 bytes, and xts needs 16");
        assertThatThrownBy(() ->
                        new CipherSpec(CipherAlgorithm.AES_256, CipherMode.CBC, IvGenerator.ESSIV, HashAlgorithm.SHA1))
                .hasMessage("essiv takes the hash as a key, and aes has none of the 20 bytes of sha1");
        assertThatThrownBy(() -> new CipherSpec(CipherAlgorithm.AES_256, CipherMode.CBC, IvGenerator.ESSIV, null))
                .hasMessage("essiv needs a hash function");
    }
}
