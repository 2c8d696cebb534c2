package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.testing.MemoryStorage;

/** Clusters of qcow2 images that QEMU has encrypted, taken out of the image by hand. */
class QcowEncryptionTest {
    private static final int CLUSTER = 65536;
    private static final int L1_TABLE_OFFSET = 40;
    private static final int HEADER_BYTES = 104;
    private static final long OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;
    private static final int ENCRYPTION_HEADER = 0x0537BE77;

    private Path directory = Path.of("");
    private Path path = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = CryptoDisk.directory();
        path = directory.resolve("disk.qcow2");
    }

    @AfterEach
    void removeFiles() throws IOException {
        CryptoDisk.delete(directory);
    }

    /** An image of 1 MiB, clusters 7 and 3 written in this order. */
    private ByteBuffer image(String format) throws IOException {
        List<Object> create = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
        create.addAll(CryptoDisk.secrets(directory, CryptoDisk.PASSPHRASE));
        create.addAll(List.of("-o", format + ",encrypt.key-secret=s0", path, "1M"));
        CryptoDisk.img(create);
        CryptoDisk.io(
                directory,
                "driver=qcow2,encrypt.key-secret=s0,file.driver=file,file.filename=" + path,
                CryptoDisk.PASSPHRASE,
                "write -P 0x5a 458752 65536",
                "write -P 0xc3 196608 65536");
        return ByteBuffer.wrap(Files.readAllBytes(path));
    }

    private static long hostOffset(ByteBuffer image, int cluster) {
        long l2Table = image.getLong((int) image.getLong(L1_TABLE_OFFSET)) & OFFSET_MASK;
        return image.getLong((int) l2Table + cluster * Long.BYTES) & OFFSET_MASK;
    }

    private static byte[] cluster(ByteBuffer image, int cluster) {
        byte[] contents = new byte[CLUSTER];
        image.get((int) hostOffset(image, cluster), contents);
        return contents;
    }

    @Test
    void luksNumbersSectorsByTheHostOffset() throws IOException {
        ByteBuffer image = image("encrypt.format=luks,encrypt.iter-time=10");
        int extension = HEADER_BYTES + 8;
        while (image.getInt(extension) != ENCRYPTION_HEADER) {
            extension += 8 + ((image.getInt(extension + 4) + 7) & -8);
        }
        LuksArea area = new LuksArea(
                CryptoDisk.POSIX,
                new MemoryStorage(Files.readAllBytes(path)),
                image.getLong(extension + 8),
                image.getLong(extension + 16));
        try (LuksVolume volume = LuksVolume.open(area, CryptoDisk.bytes(CryptoDisk.PASSPHRASE))) {
            byte[] seven = cluster(image, 7);
            volume.cipher().decrypt(hostOffset(image, 7), ByteBuffer.wrap(seven));
            assertThat(seven).containsOnly(0x5A);
            byte[] three = cluster(image, 3);
            volume.cipher().decrypt(hostOffset(image, 3), ByteBuffer.wrap(three));
            assertThat(three).containsOnly(0xC3);
        }
    }

    @Test
    void legacyAesNumbersSectorsByTheOffsetOnTheDisk() throws IOException {
        ByteBuffer image = image("encrypt.format=aes");
        try (SectorCipher cipher = LegacyAes.of(CryptoDisk.bytes(CryptoDisk.PASSPHRASE))) {
            byte[] seven = cluster(image, 7);
            cipher.decrypt(7 * CLUSTER, ByteBuffer.wrap(seven));
            assertThat(seven).containsOnly(0x5A);
            byte[] three = cluster(image, 3);
            cipher.decrypt(3 * CLUSTER, ByteBuffer.wrap(three));
            assertThat(three).containsOnly(0xC3);
        }
    }
}
