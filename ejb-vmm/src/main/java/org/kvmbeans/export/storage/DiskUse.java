package org.kvmbeans.export.storage;

import java.nio.file.Path;

/**
 * A disk of a VM.
 *
 * @param vm the VM
 * @param disk the disk's name in it
 * @param path the image, as the definition names it
 * @param open whether the VM is on, so that the image is open
 */
public record DiskUse(String vm, String disk, Path path, boolean open) {}
