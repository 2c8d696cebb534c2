package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.task.ImageMap;
import org.kvmbeans.sys.Posix;

/** What images hold, for whoever asks over JMX. Any thread may call. */
final class ImageContents {
    private static final int MOST_EXTENTS = 10_000;

    private final Posix posix;
    private final ImageAccess access;

    ImageContents(Posix posix, ImageAccess access) {
        this.posix = posix;
        this.access = access;
    }

    /** Part of an image's file, in Base64. */
    String read(PoolImage image, long offset, int length) {
        if (offset < 0) {
            throw new IllegalArgumentException("offset is " + offset + "; give 0 or more");
        }
        if (length < 1 || length > Parts.LARGEST_BYTES) {
            throw new IllegalArgumentException("length is " + length + "; give 1 to " + Parts.LARGEST_BYTES);
        }
        OpenOptions options = new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK);
        // Held for as long as the part is read, so that nobody writes meanwhile.
        try (HostFile locked = HostFile.open(posix, image.path().toString(), options);
                FileChannel channel = FileChannel.open(image.path(), StandardOpenOption.READ)) {
            long there = Math.max(0, Math.min(length, locked.sizeBytes() - offset));
            ByteBuffer part = ByteBuffer.allocate((int) there);
            while (part.hasRemaining() && channel.read(part, offset + part.position()) >= 0) {
                // goes on
            }
            return Parts.encoded(Arrays.copyOf(part.array(), part.position()));
        } catch (IOException e) {
            throw new IllegalStateException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Where the contents of a disk come from, as JSON. */
    String map(PoolImage image, long offset, int most) {
        if (offset < 0 || most < 1 || most > MOST_EXTENTS) {
            throw new IllegalArgumentException("offset is " + offset + " and most is " + most
                    + "; give an offset of 0 or more, and 1 to " + MOST_EXTENTS + " extents");
        }
        try (DiskImage disk = access.open(image, Access.READ_ONLY)) {
            return offset >= disk.sizeBytes()
                    ? "[]"
                    : ImageMap.json(ImageMap.list(disk, offset, disk.sizeBytes(), most));
        } catch (IOException e) {
            throw new IllegalStateException(String.valueOf(e.getMessage()), e);
        }
    }
}
