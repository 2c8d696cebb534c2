package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.sys.IoVector;

class LuksImageTest {
    private static final int SIZE = 4 << 20;
    private static final LuksOptions OPTIONS = CryptoDisk.quick(CipherSpec.DEFAULT, HashAlgorithm.SHA256);

    private Path directory = Path.of("");
    private Path path = Path.of("");

    @BeforeEach
    void makeFile() throws IOException {
        directory = CryptoDisk.directory();
        path = CryptoDisk.file(directory, "disk.luks");
    }

    @AfterEach
    void removeFiles() throws IOException {
        CryptoDisk.delete(directory);
    }

    private static Kind kindOf(Throwable e) {
        return ((DiskImageException) e).kind();
    }

    @Test
    void behavesAsAnArrayOfBytes() throws IOException {
        Random random = new Random(11);
        byte[] model = CryptoDisk.noise(SIZE, 1);
        try (LuksImage image = CryptoDisk.create(path, SIZE, OPTIONS)) {
            image.write(0, CryptoDisk.vector(model));
            for (int step = 0; step < 2000; step++) {
                int offset = random.nextInt(SIZE / 512) * 512;
                int length = Math.min(SIZE - offset, (1 + random.nextInt(step % 100 == 0 ? 2000 : 20)) * 512);
                switch (random.nextInt(4)) {
                    case 0 -> {
                        byte[] data = CryptoDisk.noise(length, step);
                        IoVector source = CryptoDisk.scattered(data, random);
                        image.write(offset, source);
                        System.arraycopy(data, 0, model, offset, length);
                        assertThat(CryptoDisk.contents(source)).isEqualTo(data);
                    }
                    case 1 -> {
                        image.writeZeroes(offset, length, random.nextBoolean());
                        Arrays.fill(model, offset, offset + length, (byte) 0);
                    }
                    case 2 -> image.discard(offset, length);
                    default -> {
                        IoVector target = CryptoDisk.scattered(new byte[length], random);
                        image.read(offset, target);
                        assertThat(CryptoDisk.contents(target))
                                .isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
                    }
                }
            }
            image.flush();
        }
        try (LuksImage image = CryptoDisk.open(path, Access.READ_ONLY, CryptoDisk.PASSPHRASE)) {
            assertThat(CryptoDisk.read(image, 0, SIZE)).isEqualTo(model);
        }
    }

    @Test
    void worksPastThePageCache() throws IOException {
        byte[] data = CryptoDisk.noise(SIZE / 4, 1);
        CryptoDisk.create(path, SIZE, OPTIONS).close();
        OpenOptions direct = new OpenOptions(
                Access.READ_WRITE, CacheMode.NONE, ImageRules.ALONE, image -> CryptoDisk.bytes(CryptoDisk.PASSPHRASE));
        try (LuksImage image =
                LuksImage.open(CryptoDisk.POSIX, HostFile.open(CryptoDisk.POSIX, path.toString(), direct))) {
            image.write(0, CryptoDisk.scattered(data, new Random(1)));
            image.write(512, CryptoDisk.vector(Arrays.copyOfRange(data, 512, 1024)));
            assertThat(CryptoDisk.read(image, 0, SIZE / 4)).isEqualTo(data);
        }
    }

    @Test
    void growsByZerosAndShrinks() throws IOException {
        byte[] data = CryptoDisk.noise(SIZE, 1);
        try (LuksImage image = CryptoDisk.create(path, SIZE, OPTIONS)) {
            image.write(0, CryptoDisk.vector(data));
            image.resize(2 * SIZE);
            assertThat(image.sizeBytes()).isEqualTo(2 * SIZE);
            assertThat(CryptoDisk.read(image, SIZE, SIZE)).containsOnly(0);
            image.resize(SIZE / 2);
            assertThat(image.sizeBytes()).isEqualTo(SIZE / 2);
            image.resize(SIZE);
            assertThat(CryptoDisk.read(image, SIZE / 2, SIZE / 2)).containsOnly(0);
            assertThat(CryptoDisk.read(image, 0, SIZE / 2)).isEqualTo(Arrays.copyOf(data, SIZE / 2));
            assertThatThrownBy(() -> image.resize(513))
                    .hasMessage(path + ": a disk of 513 bytes; it must be above 0 and a multiple of 512");
        }
    }

    @Test
    void nothingReadableIsStored() throws IOException {
        try (LuksImage image = CryptoDisk.create(path, SIZE, OPTIONS)) {
            image.writeZeroes(0, SIZE, true);
            assertThat(image.extent(0, SIZE)).isEqualTo(new Extent(0, SIZE, Extent.Kind.DATA, 0, -1));
        }
        byte[] stored = Files.readAllBytes(path);
        for (int at = (int) OPTIONS.headerBytes(); at < stored.length; at += 512) {
            assertThat(Arrays.equals(stored, at, at + 16, new byte[16], 0, 16)).isFalse();
        }
    }

    @Test
    void anImageThatIsReadIsNotWritten() throws IOException {
        CryptoDisk.create(path, SIZE, OPTIONS).close();
        try (LuksImage image = CryptoDisk.open(path, Access.READ_ONLY, CryptoDisk.PASSPHRASE)) {
            assertThat(image.readOnly()).isTrue();
            byte[] passphrase = CryptoDisk.bytes(CryptoDisk.PASSPHRASE);
            for (ThrowingCallable write : List.<ThrowingCallable>of(
                    () -> image.write(0, CryptoDisk.vector(new byte[512])),
                    () -> image.writeZeroes(0, 512, true),
                    () -> image.discard(0, 512),
                    () -> image.resize(512),
                    () -> image.keySlots().add(passphrase, passphrase, 1),
                    () -> image.keySlots().erase(0))) {
                assertThatThrownBy(write).extracting(LuksImageTest::kindOf).isEqualTo(Kind.READ_ONLY);
            }
        }
    }

    @Test
    void aWrongPassphraseIsDeniedAndNotRepeated() throws IOException {
        CryptoDisk.create(path, SIZE, OPTIONS).close();
        assertThatThrownBy(() -> CryptoDisk.open(path, Access.READ_ONLY, "open sesame"))
                .hasMessage(path + ": the passphrase does not open it")
                .extracting(LuksImageTest::kindOf)
                .isEqualTo(Kind.DENIED);
    }

    @Test
    void passphrasesAreOverwritten() throws IOException {
        byte[] created = CryptoDisk.bytes(CryptoDisk.PASSPHRASE);
        LuksImage.create(CryptoDisk.POSIX, file(created), SIZE, OPTIONS).close();
        assertThat(created).containsOnly(0);

        byte[] opened = CryptoDisk.bytes(CryptoDisk.PASSPHRASE);
        LuksImage.open(CryptoDisk.POSIX, file(opened)).close();
        assertThat(opened).containsOnly(0);

        byte[] wrong = CryptoDisk.bytes("wrong");
        try (HostFile file = file(wrong)) {
            assertThatThrownBy(() -> LuksImage.open(CryptoDisk.POSIX, file)).isInstanceOf(DiskImageException.class);
        }
        assertThat(wrong).containsOnly(0);
    }

    private HostFile file(byte[] passphrase) throws IOException {
        return HostFile.open(
                CryptoDisk.POSIX,
                path.toString(),
                new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK, ImageRules.ALONE, image -> passphrase));
    }

    @Test
    void refusesAFileThatEndsBeforeItsPayload() throws IOException {
        CryptoDisk.create(path, SIZE, OPTIONS).close();
        Files.write(path, Arrays.copyOf(Files.readAllBytes(path), 1 << 20));
        assertThatThrownBy(() -> CryptoDisk.open(path, Access.READ_ONLY, CryptoDisk.PASSPHRASE))
                .hasMessage(path + ": its payload begins at 2068480, and it ends at 1048576")
                .extracting(LuksImageTest::kindOf)
                .isEqualTo(Kind.CORRUPT);
    }

    @Test
    void refusesRequestsOutsideTheDisk() throws IOException {
        try (LuksImage image = CryptoDisk.create(path, SIZE, OPTIONS)) {
            assertThatThrownBy(() -> image.read(SIZE, CryptoDisk.vector(new byte[512])))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> image.write(1, CryptoDisk.vector(new byte[512])))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
