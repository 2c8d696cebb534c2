package org.kvmbeans.arch.x86.boot;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.kvmbeans.arch.x86.boot.BootException.Kind;
import org.kvmbeans.memory.GuestMemory;

/**
 * An open kernel or initrd. Only headers come into the heap, each at most {@link #MAX_HEADER_BYTES}; all else goes from the
 * file into guest memory. Owned and used by one thread.
 */
final class ImageFile implements AutoCloseable {
    static final int MAX_HEADER_BYTES = 64 << 10;

    private final String role;
    private final Path path;
    private final FileChannel channel;
    private final long sizeBytes;

    private ImageFile(String role, Path path, FileChannel channel, long sizeBytes) {
        this.role = role;
        this.path = path;
        this.channel = channel;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Opens a regular file.
     *
     * @param role what it is to the user: the key of the definition, {@code kernel} or {@code initrd}
     * @throws BootException where it is missing, unreadable, empty or no regular file
     */
    static ImageFile open(String role, Path path) {
        String name = role + " '" + path + "'";
        if (!Files.exists(path)) {
            // A parent that may not be searched looks the same as a file that is not there.
            throw new BootException(
                    Kind.MISSING, name + ": no such file, or its directory may not be searched; give an existing file");
        }
        // Opening a pipe would wait for its writer, so this is asked first.
        if (!Files.isRegularFile(path)) {
            String what = Files.isDirectory(path) ? "a directory" : "no regular file";
            throw new BootException(Kind.NOT_A_FILE, name + ": is " + what + "; give the path of a file");
        }
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            return checked(new ImageFile(role, path, channel, channel.size()));
        } catch (AccessDeniedException e) {
            throw new BootException(
                    Kind.UNREADABLE, name + ": permission denied; make it readable for the server's user", e);
        } catch (IOException e) {
            throw new BootException(Kind.UNREADABLE, name + ": cannot be opened: " + e.getMessage(), e);
        }
    }

    private static ImageFile checked(ImageFile file) {
        if (file.sizeBytes == 0) {
            file.close();
            throw file.problem(Kind.TRUNCATED, "is empty");
        }
        return file;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** Reads a header, little-endian, position 0, limit {@code length}. */
    ByteBuffer header(String what, long position, int length) {
        if (length > MAX_HEADER_BYTES) {
            throw problem(Kind.CORRUPT, what + " is said to be " + length + " bytes long; at most " + MAX_HEADER_BYTES);
        }
        if (!holds(position, length)) {
            throw truncated(what, position, length);
        }
        ByteBuffer header = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        try {
            while (header.hasRemaining()) {
                if (channel.read(header, position + header.position()) < 0) {
                    throw truncated(what, position, length);
                }
            }
        } catch (IOException e) {
            throw problem(Kind.UNREADABLE, "cannot be read: " + e.getMessage(), e);
        }
        return header.flip();
    }

    /** Whether the file has this many bytes there. */
    boolean holds(long position, long length) {
        return position >= 0 && length >= 0 && position <= sizeBytes - length;
    }

    /** Reads part of the file into guest memory, without a copy in between. */
    void load(String what, long position, GuestMemory memory, long gpa, long length) {
        if (!holds(position, length)) {
            throw truncated(what, position, length);
        }
        try {
            memory.load(channel, position, gpa, length);
        } catch (EOFException e) {
            throw problem(Kind.TRUNCATED, "became shorter while it was read", e);
        } catch (IOException e) {
            throw problem(Kind.UNREADABLE, "cannot be read: " + e.getMessage(), e);
        }
    }

    BootException truncated(String what, long position, long length) {
        return problem(
                Kind.TRUNCATED,
                String.format(
                        "is truncated: %s should be %d bytes at offset %d, but the file has %d bytes",
                        what, length, position, sizeBytes));
    }

    /** An error about this file; {@code what} goes on from "kernel 'PATH': ". */
    BootException problem(Kind kind, String what) {
        return new BootException(kind, describe(what));
    }

    private BootException problem(Kind kind, String what, Throwable cause) {
        return new BootException(kind, describe(what), cause);
    }

    private String describe(String what) {
        return role + " '" + path + "': " + what;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written, so nothing can be lost.
        }
    }
}
