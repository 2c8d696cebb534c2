package org.kvmbeans.export.storage;

import java.nio.file.Path;
import java.util.List;

/**
 * A pool as its administrator wants it.
 *
 * @param name unique on the host
 * @param directory absolute
 * @param quotaBytes the most bytes that its files may take; 0: as many as the file system has
 * @param backingDirectories further directories, absolute, that its images may have backing files and data files in
 */
public record PoolConfiguration(String name, Path directory, long quotaBytes, List<Path> backingDirectories) {
    public PoolConfiguration {
        backingDirectories = List.copyOf(backingDirectories);
    }
}
