package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.SwitchableImage;

/**
 * Keeps what a disk in use holds at a moment: a new image comes over its present one, which is written no more, and takes
 * what is written from then on.
 */
public final class OverlaySnapshot {
    private static final System.Logger LOG = System.getLogger(OverlaySnapshot.class.getName());

    private final SwitchableImage disk;

    /** Opens an overlay without opening its backing file. */
    @FunctionalInterface
    public interface Opening {
        /**
         * Opens it to read and write.
         *
         * @param backing what it is to have for its backing file
         */
        LayeredImage open(Path path, DiskImage backing) throws IOException;
    }

    public OverlaySnapshot(SwitchableImage disk) {
        this.disk = disk;
    }

    /**
     * Takes the snapshot. The guest waits for a flush of the present image alone.
     *
     * @param maker makes an overlay that names the present image as its backing file
     * @param overlay where it is to be
     * @param opening opens it for the disk
     */
    public void run(ImageMaker maker, Path overlay, NewImage.Existing existing, Opening opening) throws IOException {
        try (SwitchableImage.Claim claim = disk.claim("a snapshot")) {
            NewImage.makeEmpty(maker, overlay, disk.sizeBytes(), existing);
            boolean taken = false;
            try {
                taken = switchTo(opening.open(overlay, new AbsentImage(disk)));
            } finally {
                if (!taken) {
                    Files.deleteIfExists(overlay);
                }
            }
        }
    }

    private boolean switchTo(LayeredImage top) throws IOException {
        boolean switched = false;
        try {
            switched = disk.exclusively(exclusive -> {
                DiskImage present = exclusive.current();
                present.flush();
                top.exchangeBacking(present);
                try {
                    exclusive.to(top);
                } catch (IOException | RuntimeException e) {
                    top.exchangeBacking(null);
                    throw e;
                }
                share(present);
                return true;
            });
        } finally {
            if (!switched) {
                top.close();
            }
        }
        return switched;
    }

    /** Lets others read the image that is written no more. */
    private void share(DiskImage former) {
        try {
            former.stopWriting();
        } catch (IOException e) {
            // It is durable already, and the snapshot is taken; others are kept from the image until the disk is
            // closed.
            LOG.log(System.Logger.Level.WARNING, disk.name() + ": the image below its new one stays locked", e);
        }
    }
}
