package org.kvmbeans.machine;

import java.nio.file.Path;

/** QEMU's tools for images, as judges. */
final class QemuTools {
    private QemuTools() {}

    /** What {@code qemu-img check} says of an image in which it finds nothing wrong. */
    static String check(Path image, String secret) {
        return DiskGuest.run(
                "qemu-img",
                "check",
                "--object",
                secret,
                "--image-opts",
                "driver=qcow2,encrypt.format=luks,encrypt.key-secret=s,file.driver=file,file.filename=" + image);
    }
}
