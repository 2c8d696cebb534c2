package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class Pbkdf2Test {
    @ParameterizedTest(name = "{1} iterations")
    @CsvSource({
        "password, 1, salt, 0c60c80f961f0e71f3a9b524af6012062fe037a6",
        "password, 2, salt, ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957",
        "password, 4096, salt, 4b007901b765489abead49d926f721d065a429c1",
        "passwordPASSWORDpassword, 4096, saltSALTsaltSALTsaltSALTsaltSALTsalt,"
                + " 3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
    })
    void isThatOfRfc6070(String passphrase, long iterations, String salt, String expected) {
        byte[] key = Pbkdf2.derive(
                HashAlgorithm.SHA1,
                CryptoDisk.bytes(passphrase),
                CryptoDisk.bytes(salt),
                iterations,
                expected.length() / 2);
        assertThat(HexFormat.of().formatHex(key)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithAnotherImplementationForEveryHash(HashAlgorithm hash) {
        for (String passphrase : new String[] {"", "short", "longer than any block of a hash function ".repeat(9)}) {
            PKCS5S2ParametersGenerator judge = new PKCS5S2ParametersGenerator(hash.newDigest());
            judge.init(CryptoDisk.bytes(passphrase), new byte[32], 7);
            byte[] expected = ((KeyParameter) judge.generateDerivedMacParameters(64 * 8)).getKey();
            assertThat(Pbkdf2.derive(hash, CryptoDisk.bytes(passphrase), new byte[32], 7, 64))
                    .isEqualTo(expected);
        }
    }

    @Test
    void iterationsFollowFromAMeasurement() {
        // Each reading of this clock is 200 ms after the one before: what is tried at first takes long enough.
        AtomicLong clock = new AtomicLong();
        long iterations = Pbkdf2.iterations(HashAlgorithm.SHA256, 32, 2000, () -> clock.addAndGet(200_000_000));
        assertThat(iterations).isEqualTo(10 * 4096);
    }

    @Test
    void isMeasuredUntilItTakesLongEnough() {
        long[] readings = {0, 1_000_000, 0, 2_000_000, 0, 150_000_000};
        AtomicLong next = new AtomicLong();
        long iterations =
                Pbkdf2.iterations(HashAlgorithm.SHA256, 32, 300, () -> readings[(int) next.getAndIncrement()]);
        assertThat(iterations).isEqualTo(2 * 4 * 4096);
    }
}
