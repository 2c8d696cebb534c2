package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * An image file that an operation makes. It is made beside its place under a name that nobody looks for, and gets its own
 * name when it is whole and durable: what has the name is whole.
 */
public final class NewImage implements AutoCloseable {
    private static final String UNFINISHED = ".unfinished";
    private static final int UUID_LENGTH = 36;

    private final Path path;
    private final Path unfinished;
    private final Existing existing;
    private final DiskImage image;
    private boolean imageClosed;
    private boolean finished;

    /** What becomes of a file that has the name already. */
    public enum Existing {
        /** It stays, and the operation is refused. */
        REFUSE,
        /** It gives way when the new one is whole. */
        REPLACE
    }

    private NewImage(Path path, Path unfinished, Existing existing, DiskImage image) {
        this.path = path;
        this.unfinished = unfinished;
        this.existing = existing;
        this.image = image;
    }

    /**
     * Makes the file and opens the image.
     *
     * @param path the name that it is to have
     * @param sizeBytes of the disk
     * @throws DiskImageException DENIED where there is such a file and it is not to be replaced
     */
    public static NewImage make(ImageMaker maker, Path path, long sizeBytes, Existing existing) throws IOException {
        refuseExisting(path, existing);
        Path unfinished = unfinished(path);
        try {
            maker.make(unfinished, sizeBytes);
            return new NewImage(path, unfinished, existing, maker.open(unfinished));
        } catch (IOException | RuntimeException e) {
            delete(unfinished, e);
            throw e;
        }
    }

    /**
     * Makes the file and leaves its image closed and empty.
     *
     * @throws DiskImageException as {@link #make}
     */
    public static void makeEmpty(ImageMaker maker, Path path, long sizeBytes, Existing existing) throws IOException {
        refuseExisting(path, existing);
        Path unfinished = unfinished(path);
        try {
            maker.make(unfinished, sizeBytes);
            publish(unfinished, path, existing);
        } catch (IOException | RuntimeException e) {
            delete(unfinished, e);
            throw e;
        }
    }

    private static Path unfinished(Path path) {
        return path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID() + UNFINISHED);
    }

    /** The name that a file will have when it is whole: passphrases are known by that. */
    public static String nameOf(String path) {
        Path file = Path.of(path);
        String name = file.getFileName().toString();
        int end = name.length() - UNFINISHED.length() - UUID_LENGTH - 1;
        return name.startsWith(".") && name.endsWith(UNFINISHED) && end > 1
                ? file.resolveSibling(name.substring(1, end)).toString()
                : path;
    }

    private static void refuseExisting(Path path, Existing existing) throws DiskImageException {
        boolean other =
                Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
        if (other) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    path.toString(),
                    "it is no regular file, and no file takes its place; a block device is copied to as it is");
        }
        if (existing == Existing.REFUSE && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new DiskImageException(
                    Kind.DENIED,
                    path.toString(),
                    "there is such a file already; give another name, or remove it first");
        }
    }

    private static void delete(Path file, Throwable cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** The open image; closed by {@link #finish}. */
    public DiskImage image() {
        return image;
    }

    /** Where it will be. */
    public Path path() {
        return path;
    }

    /** Makes it durable, closes it and gives it its name. */
    public void finish() throws IOException {
        image.flush();
        closeImage();
        publish(unfinished, path, existing);
        finished = true;
    }

    private static void publish(Path unfinished, Path path, Existing existing) throws IOException {
        refuseExisting(path, existing);
        try {
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED, path.toString(), "its file system cannot rename files: " + e.getReason());
        }
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private void closeImage() throws IOException {
        if (!imageClosed) {
            imageClosed = true;
            image.close();
        }
    }

    /** Removes the file, unless it is {@linkplain #finish finished}. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!finished) {
            try {
                closeImage();
            } finally {
                Files.deleteIfExists(unfinished);
            }
        }
    }
}
