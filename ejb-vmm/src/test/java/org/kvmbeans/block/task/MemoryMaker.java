package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes images in the heap, for each a file that stands for it. */
class MemoryMaker implements ImageMaker {
    private @Nullable MemoryImage made;

    MemoryImage image(long sizeBytes) {
        return new MemoryImage("made", sizeBytes);
    }

    @Override
    public void make(Path path, long sizeBytes) throws IOException {
        Files.createFile(path);
        made = image(sizeBytes);
    }

    /** The image that was made last, open. */
    MemoryImage made() {
        return Objects.requireNonNull(made).again();
    }

    @Override
    public MemoryImage open(Path path) {
        return made();
    }

    @Override
    public int unitBytes() {
        return MemoryImage.CLUSTER;
    }
}
