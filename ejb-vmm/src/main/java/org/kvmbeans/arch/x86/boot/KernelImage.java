package org.kvmbeans.arch.x86.boot;

import org.kvmbeans.arch.x86.CpuEntry;

/**
 * A kernel whose headers have been read and found sound: what is left is to put it into a guest. One class a boot protocol.
 */
interface KernelImage {
    /** The longest command line that the kernel takes, bytes without the terminating zero. */
    int commandLineLimitBytes();

    /**
     * Puts the kernel, its initrd and what the protocol tells it into guest memory.
     *
     * @return how the first vCPU starts
     * @throws BootException where something does not fit
     */
    CpuEntry load(BootTarget target);
}
