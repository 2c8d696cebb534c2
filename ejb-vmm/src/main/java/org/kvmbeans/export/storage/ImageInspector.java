package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.crypto.LuksArea;
import org.kvmbeans.block.crypto.LuksHeader;
import org.kvmbeans.block.crypto.LuksVolume;
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

    /**
     * Looks at an image of a format. What is wrong with it is one of the facts.
     *
     * @param rules which further files it may lead to
     */
    ImageFacts inspect(Path image, DiskFormat format, ImageRules rules) {
        FileFacts file;
        try {
            file = FileFacts.of(posix, image);
        } catch (NoSuchFileException e) {
            return ImageFacts.unreadable("the file is gone", Map.of());
        } catch (IOException e) {
            return ImageFacts.unreadable("the file cannot be read: " + e.getMessage(), Map.of());
        }
        Map<Path, FileFacts> files = new LinkedHashMap<>(Map.of(image, file));
        return switch (format) {
            case RAW -> raw(image, file, files);
            case QCOW2 -> new Qcow2Inspection(posix, rules, files).inspect(image);
            case LUKS -> luks(image, file, files);
        };
    }

    private static ImageFacts raw(Path image, FileFacts file, Map<Path, FileFacts> files) {
        return new ImageFacts(
                rawSize(file),
                0,
                List.of(rawLayer(0, image.toString(), file)),
                List.of(),
                List.of(),
                ImageEncryption.NONE,
                List.of(),
                false,
                false,
                "",
                files);
    }

    private ImageFacts luks(Path image, FileFacts file, Map<Path, FileFacts> files) {
        try (UnlockedFile storage = UnlockedFile.open(posix, image.toString())) {
            LuksHeader header = LuksVolume.readHeader(new LuksArea(posix, storage, 0, storage.sizeBytes()));
            long size = Math.max(0, file.bytes() - header.payloadOffset());
            ImageLayer layer = new ImageLayer(
                    0, image.toString(), DiskFormat.LUKS.text(), size, Math.max(0, file.allocatedBytes()), "");
            return new ImageFacts(
                    size,
                    0,
                    List.of(layer),
                    List.of(),
                    List.of(),
                    ImageEncryption.LUKS,
                    header.usedSlots(),
                    false,
                    false,
                    "",
                    files);
        } catch (IOException e) {
            return ImageFacts.unreadable(String.valueOf(e.getMessage()), files);
        }
    }

    static ImageLayer rawLayer(int depth, String path, FileFacts file) {
        return new ImageLayer(
                depth, path, DiskFormat.RAW.text(), rawSize(file), Math.max(0, file.allocatedBytes()), "");
    }

    private static long rawSize(FileFacts file) {
        return (file.bytes() + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    }

    /** Whether an image and all that it lies on are as they were when the facts were found. */
    boolean holds(ImageFacts facts) {
        for (Map.Entry<Path, FileFacts> file : facts.files().entrySet()) {
            try {
                boolean settled = file.getValue().settled();
                if (!settled || !FileFacts.of(posix, file.getKey()).equals(file.getValue())) {
                    return false;
                }
            } catch (IOException e) {
                return false;
            }
        }
        return !facts.files().isEmpty();
    }
}
