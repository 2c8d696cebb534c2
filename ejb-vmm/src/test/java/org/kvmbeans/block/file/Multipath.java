package org.kvmbeans.block.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The paths to the LUN of {@link IscsiServer} as one device, as docs/storage.md says. */
final class Multipath implements AutoCloseable {
    private static final String NAME = "360014056f0f0a8e00004000800000000";

    private final Undo undo = new Undo();

    Multipath() throws IOException {
        undo.orClose(() -> {
            undo.sh("""
                    printf '%s\\n' 'defaults {' 'user_friendly_names no' 'find_multipaths yes' \\
                      'path_grouping_policy multibus' 'no_path_retry queue' 'polling_interval 1' 'fast_io_fail_tmo 1' '}' \\
                      >/etc/multipath.conf
                    multipathd
                    """, "multipathd shutdown\nrm /etc/multipath.conf");
            undo.later("multipath -f " + NAME);
            // The device's name comes some time after its paths.
            Await.until("two paths and " + device(), () -> paths("active ready") == 2 && Files.exists(device()));
        });
    }

    Path device() {
        return Path.of("/dev/mapper/" + NAME);
    }

    /** How many paths are in a state of dm and of the checker: {@code active ready}, {@code failed faulty}. */
    long paths(String state) throws IOException {
        return Undo.sh("multipath -ll " + NAME)
                .lines()
                .filter(line -> line.contains(state))
                .count();
    }

    void resize() throws IOException {
        Undo.sh("multipathd resize map " + NAME);
    }

    @Override
    public void close() throws IOException {
        undo.close();
    }
}
