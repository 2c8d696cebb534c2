package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.file.Path;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** Files as tests of qcow2 open them. */
public final class TestImages {
    public static final Posix POSIX = new JnaPosix();

    private TestImages() {}

    public static Storage open(Path path, Access access) throws IOException {
        return HostFile.open(
                POSIX, path.toString(), new OpenOptions(access, CacheMode.UNSAFE, ImageRules.ANY, SecretSource.NONE));
    }

    public static Qcow2Header header(Path path) throws IOException {
        try (Storage storage = open(path, Access.READ_ONLY)) {
            return Qcow2HeaderFile.open(POSIX, storage).header();
        }
    }
}
