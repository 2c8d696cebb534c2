package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.sys.Posix;

/** Finds out what an image says of itself. It locks nothing, so that it also serves an image that somebody writes. */
final class ImageInspector {
    private static final int SECTOR_BYTES = 512;

    private final Posix posix;

    ImageInspector(Posix posix) {
        this.posix = posix;
    }

    /** Looks at an image of a format. What is wrong with it is one of the facts. */
    ImageFacts inspect(Path image, DiskFormat format) {
        FileFacts file;
        try {
            file = FileFacts.of(posix, image);
        } catch (NoSuchFileException e) {
            return ImageFacts.unreadable("the file is gone", Map.of());
        } catch (IOException e) {
            return ImageFacts.unreadable("the file cannot be read: " + e.getMessage(), Map.of());
        }
        return switch (format) {
            case RAW -> raw(image, file);
        };
    }

    private static ImageFacts raw(Path image, FileFacts file) {
        long size = (file.bytes() + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
        ImageLayer layer = new ImageLayer(
                0, image.toString(), DiskFormat.RAW.text(), size, Math.max(0, file.allocatedBytes()), "");
        return new ImageFacts(
                size,
                0,
                List.of(layer),
                List.of(),
                List.of(),
                ImageEncryption.NONE,
                false,
                false,
                "",
                Map.of(image, file));
    }

    /** Whether an image and all that it lies on are as they were when the facts were found. */
    boolean holds(ImageFacts facts) {
        for (Map.Entry<Path, FileFacts> file : facts.files().entrySet()) {
            try {
                if (!FileFacts.of(posix, file.getKey()).equals(file.getValue())) {
                    return false;
                }
            } catch (IOException e) {
                return false;
            }
        }
        return !facts.files().isEmpty();
    }
}
