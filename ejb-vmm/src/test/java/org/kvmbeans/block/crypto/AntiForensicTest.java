package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AntiForensicTest {
    /** A key of five stripes that QEMU has split (its tests/unit/test-crypto-afsplit.c). */
    private static final String SPLIT_BY_QEMU =
            "fdd273b17d99933470defa07c5ac58d230672f1a3543607d7702db623ccb2c334808b6f17ca320a0ad2d4cf3cd186f53"
                    + "f9e8e759273ca9546187b3aff6f77e6486aa897f1f9fdb86f4a216ffa34f8ca159c4233428c4777183d4cd8e891bc7c5"
                    + "ae4da9cdc972857013685283fcb81172ba3dc64a28fae2867b27ab58e1a4caf69ebcfe0c9279b3ec1c5f793b0d1eaa1a"
                    + "770f70194bc880ee277c6e4a91965cf4";

    @Test
    void mergesWhatQemuHasSplit() {
        byte[] split = HexFormat.of().parseHex(SPLIT_BY_QEMU);
        byte[] key = AntiForensic.merge(HashAlgorithm.SHA256, split, 32, 5);
        assertThat(HexFormat.of().formatHex(key))
                .isEqualTo("000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
    }

    @ParameterizedTest
    @EnumSource
    void mergesWhatItHasSplit(HashAlgorithm hash) {
        for (int keyBytes : new int[] {16, 24, 32, 48, 64}) {
            byte[] key = CryptoDisk.noise(keyBytes, keyBytes);
            byte[] split = AntiForensic.split(hash, key, 4000, new SecureRandom());
            assertThat(AntiForensic.merge(hash, split, keyBytes, 4000)).isEqualTo(key);
        }
    }

    @Test
    void theKeyIsGoneWithOneBitOfAnyStripe() {
        byte[] key = CryptoDisk.noise(32, 1);
        for (int stripe = 0; stripe < 50; stripe++) {
            byte[] split = AntiForensic.split(HashAlgorithm.SHA256, key, 50, new SecureRandom());
            split[stripe * 32] ^= 1;
            assertThat(AntiForensic.merge(HashAlgorithm.SHA256, split, 32, 50)).isNotEqualTo(key);
        }
    }
}
