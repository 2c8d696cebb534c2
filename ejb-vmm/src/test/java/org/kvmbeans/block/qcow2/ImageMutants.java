package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.kvmbeans.block.testing.QemuTool;

/** Images that are wrong somewhere: the same ones in every run. */
public final class ImageMutants {
    private ImageMutants() {}

    /** Small images, whose tables are most of them. */
    public static List<byte[]> seeds(Path directory) throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        for (String options :
                List.of("cluster_size=512", "cluster_size=512,compat=0.10", "cluster_size=16k,extended_l2=on")) {
            Path image = directory.resolve(options + ".qcow2");
            QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, "600k");
            QemuTool.io(image, "write -P 1 0 20k", "write -c -P 2 64k 32k", "write -P 3 300k 5k");
            QemuTool.img("snapshot", "-c", "first", image);
            QemuTool.io(image, "write -P 4 4k 4k", "write -c -P 5 128k 16k");
            if (!options.contains("compat=0.10")) {
                QemuTool.img("bitmap", "--add", "-g", "512", image, "one");
                QemuTool.io(image, "write -z 200k 64k");
            }
            seeds.add(Files.readAllBytes(image));
            Files.delete(image);
        }
        Path image = directory.resolve("data-file.qcow2");
        String options = "cluster_size=512,data_file=" + directory.resolve("data-file.raw");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, "600k");
        QemuTool.io(image, "write -P 1 0 20k", "write -z 64k 32k", "write -P 3 300k 5k");
        seeds.add(Files.readAllBytes(image));
        return seeds;
    }

    /** Changes some entries of 8 bytes to others of the image, or by a bit, or to any. */
    public static byte[] mutant(byte[] seed, Random random) {
        ByteBuffer bytes = ByteBuffer.wrap(seed.clone());
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            int at = position(bytes, random);
            switch (random.nextInt(5)) {
                case 0 -> bytes.putLong(at, bytes.getLong(position(bytes, random)));
                case 1 -> bytes.putLong(at, bytes.getLong(at) ^ 1L << random.nextInt(64));
                case 2 -> bytes.putLong(at, (random.nextInt(seed.length) & -512L) | ((long) random.nextInt(4) << 62));
                case 3 -> bytes.putLong(at, 0);
                default -> bytes.putLong(at, random.nextLong());
            }
        }
        return bytes.array();
    }

    /** Where something stands that is not 0, mostly. */
    private static int position(ByteBuffer bytes, Random random) {
        int at = 0;
        for (int tries = 0; tries < 20; tries++) {
            at = random.nextInt(bytes.capacity() / 8) * 8;
            long value = bytes.getLong(at);
            // Not the data that qemu-io writes, of one byte that repeats.
            if (value != 0 && value != Long.rotateLeft(value, 8)) {
                return at;
            }
        }
        return at;
    }
}
