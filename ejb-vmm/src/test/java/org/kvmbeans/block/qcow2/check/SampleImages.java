package org.kvmbeans.block.qcow2.check;

import java.nio.file.Path;
import org.kvmbeans.block.testing.QemuTool;

/** Images with everything in them. */
final class SampleImages {
    private SampleImages() {}

    /** An empty image that LUKS encrypts; its passphrase is {@code geheim}. */
    static void encrypted(Path image) {
        QemuTool.img(
                "create",
                "-q",
                "-f",
                "qcow2",
                "--object",
                "secret,id=s,data=geheim",
                "-o",
                "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                image,
                "20M");
    }

    /** Data, zeros, compressed clusters, holes, two snapshots with writes between them, and in version 3 two bitmaps. */
    static Path busy(Path image, String options) {
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, "40M");
        QemuTool.io(image, "write -P 1 0 3M", "write -P 2 10M 300k", "write -c -P 3 20M 2M", "write -c -P 4 30M 2M");
        QemuTool.img("snapshot", "-c", "first", image);
        QemuTool.io(image, "write -P 5 1M 1M", "write -P 6 21M 64k", "discard 11M 2M");
        QemuTool.img("snapshot", "-c", "second", image);
        QemuTool.io(image, "write -P 7 2M 9000", "write -P 8 38M 300k", "write -P 9 512 5k");
        if (!options.contains("compat=0.10")) {
            QemuTool.img("bitmap", "--add", "-g", "65536", image, "one");
            QemuTool.img("bitmap", "--add", "--disable", image, "two");
            QemuTool.io(image, "write -P 10 25M 1M", "write -z 5M 1M");
        }
        return image;
    }
}
