package org.kvmbeans.sys;

/** Flags of open(2) on Linux x86-64: {@code asm-generic/fcntl.h}. */
public final class Open {
    public static final int RDONLY = 0;
    public static final int RDWR = 0x2;
    public static final int CLOEXEC = 0x80000;
    public static final int NONBLOCK = 0x800;

    private Open() {}
}
