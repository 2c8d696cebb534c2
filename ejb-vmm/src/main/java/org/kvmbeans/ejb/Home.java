package org.kvmbeans.ejb;

import java.nio.file.Path;

/** The folder with definitions, credentials and caches. */
public final class Home {
    private Home() {}

    /** {@code KVMBEANS_HOME}, else {@code /var/lib/kvmbeans} for root and {@code ~/.kvmbeans} for anyone else. */
    public static Path path() {
        String configured = System.getenv("KVMBEANS_HOME");
        if (configured != null && !configured.isBlank()) {
            return Path.of(configured).toAbsolutePath().normalize();
        }
        return "root".equals(System.getProperty("user.name"))
                ? Path.of("/var/lib/kvmbeans")
                : Path.of(System.getProperty("user.home"), ".kvmbeans");
    }
}
