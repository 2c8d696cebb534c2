package org.kvmbeans.arch.x86.boot;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What to boot.
 *
 * @param kernel a bzImage, an ELF file with a PVH note, or a Multiboot 1 image; the file itself tells which
 * @param initrd an initial RAM disk (for Multiboot: the one module), or null
 * @param commandLine passed to the kernel in UTF-8; may be empty
 */
public record BootSource(Path kernel, @Nullable Path initrd, String commandLine) {}
