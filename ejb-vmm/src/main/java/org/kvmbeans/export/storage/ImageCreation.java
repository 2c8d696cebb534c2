package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.export.job.JobControl;
import org.kvmbeans.export.job.JobOutcome;
import org.kvmbeans.machine.definition.DefinitionDocument;
import org.kvmbeans.machine.definition.DefinitionObject;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/** Makes new images. */
final class ImageCreation {
    /** A step of an allocation: small enough that calling it off takes no long time. */
    private static final long STEP_BYTES = 256L << 20;

    private static final int SECTOR_BYTES = 512;
    private static final String EXAMPLE = "{\"preallocation\":\"full\"}";

    private final Posix posix;

    /** What of an image is allocated when it is made. */
    enum Preallocation {
        /** Nothing: the file grows as it is written. */
        OFF,
        /** All of it. */
        FULL
    }

    /**
     * What a new image is to be.
     *
     * @param sizeBytes of its disk
     */
    record Plan(DiskFormat format, long sizeBytes, Preallocation preallocation) {}

    ImageCreation(Posix posix) {
        this.posix = posix;
    }

    /**
     * Reads what somebody asks for.
     *
     * @throws IllegalArgumentException naming what is not right
     */
    static Plan plan(DiskFormat format, long bytes, String options) {
        if (bytes <= 0 || bytes % SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(
                    "bytes is " + bytes + "; give the size of the disk, above 0 and a multiple of " + SECTOR_BYTES);
        }
        DefinitionDocument document =
                DefinitionDocument.parse("the options", options.isBlank() ? "{}" : options, EXAMPLE);
        DefinitionObject root = document.root();
        root.refuseKeysOutside(List.of("preallocation"));
        Preallocation preallocation = root.choice("preallocation", Preallocation.OFF);
        document.throwProblems();
        return new Plan(format, bytes, preallocation);
    }

    /** Makes an image and gives it its name; nothing is left of it where that fails or is called off. */
    JobOutcome create(Pool pool, String name, Plan plan, JobControl control) throws IOException {
        Path file = pool.unfinished(name);
        OwnerOnlyFiles.createFile(file);
        try {
            raw(file, plan, control);
            pool.publish(file, name, new ImageRegistry.Entry(plan.format(), ""));
            return JobOutcome.DONE;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private void raw(Path file, Plan plan, JobControl control) throws IOException {
        int number = posix.open(file.toString(), Open.RDWR | Open.CLOEXEC);
        if (number < 0) {
            throw failed(file, "open", number);
        }
        try (OwnedFd fd = new OwnedFd(posix, number)) {
            long size = plan.sizeBytes();
            require(file, "ftruncate to " + size + " bytes", posix.ftruncate(fd.number(), size));
            long allocated = plan.preallocation() == Preallocation.FULL ? 0 : size;
            control.advance(allocated, size);
            while (allocated < size) {
                long step = Math.min(STEP_BYTES, size - allocated);
                require(file, "fallocate of " + step + " bytes", posix.fallocate(fd.number(), 0, allocated, step));
                allocated += step;
                control.advance(allocated, size);
            }
            require(file, "fdatasync", posix.fdatasync(fd.number()));
        }
    }

    private static void require(Path file, String call, int result) throws DiskImageException {
        if (result < 0) {
            throw failed(file, call, result);
        }
    }

    private static DiskImageException failed(Path file, String call, int result) {
        DiskImageException.Kind kind =
                result == -Errno.ENOSPC ? DiskImageException.Kind.NO_SPACE : DiskImageException.Kind.IO_ERROR;
        return new DiskImageException(kind, file.toString(), call + " failed: " + Errno.name(-result));
    }
}
