package org.kvmbeans.sys;

/** Flags of open(2) on Linux x86-64: {@code asm-generic/fcntl.h}. */
public final class Open {
    public static final int RDONLY = 0;
    public static final int RDWR = 0x2;
    public static final int CLOEXEC = 0x80000;
    /** For a block device: fails with EBUSY where the kernel uses it, mounted for instance. */
    public static final int EXCL = 0x80;

    public static final int NONBLOCK = 0x800;
    /** Each write is durable when it returns. */
    public static final int DSYNC = 0x1000;
    /** Past the page cache. */
    public static final int DIRECT = 0x4000;

    private Open() {}
}
