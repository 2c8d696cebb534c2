package org.kvmbeans.arch.x86.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.CpuTopology;
import org.kvmbeans.arch.x86.PcConfiguration;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;

/** A guest's memory, and files to boot it from. */
final class BootFixture implements AutoCloseable {
    static final long MIB = 1L << 20;
    static final PcConfiguration ONE_CPU = PcConfiguration.of(CpuTopology.ofCores(1));

    final GuestMemory memory;
    private final Path folder;
    private @Nullable Path initrd;
    private String commandLine = "console=ttyS0";

    BootFixture(Path folder, long ramBytes) {
        this.folder = folder;
        memory = GuestMemory.allocate(new JnaPosix(), "boot-test", ramBytes);
    }

    BootFixture initrd(long sizeBytes) {
        initrd = folder.resolve("initrd.gz");
        try (var channel = Files.newByteChannel(initrd, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.position(sizeBytes - 1).write(ByteBuffer.wrap(new byte[] {7}));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    BootFixture commandLine(String value) {
        commandLine = value;
        return this;
    }

    CpuEntry boot(ByteBuffer kernel) {
        return boot(kernelFile(kernel));
    }

    CpuEntry boot(Path kernel) {
        return BootLoader.load(memory, new BootSource(kernel, initrd, commandLine), ONE_CPU);
    }

    Path kernelFile(ByteBuffer kernel) {
        byte[] content = new byte[kernel.capacity()];
        kernel.get(0, content);
        return kernelFile(content);
    }

    Path kernelFile(byte[] content) {
        try {
            return Files.write(folder.resolve("kernel"), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int u8(long gpa) {
        return memory.getByte(gpa) & 0xFF;
    }

    long u32(long gpa) {
        return memory.getInt(gpa) & 0xFFFF_FFFFL;
    }

    String text(long gpa) {
        StringBuilder text = new StringBuilder();
        for (long at = gpa; u8(at) != 0; at++) {
            text.append((char) u8(at));
        }
        return text.toString();
    }

    @Override
    public void close() {
        memory.close();
    }
}
