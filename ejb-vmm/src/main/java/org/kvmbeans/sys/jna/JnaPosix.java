package org.kvmbeans.sys.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.kvmbeans.sys.Posix;

/** {@link Posix} of the running kernel, through JNA. */
public final class JnaPosix implements Posix {
    // asm/unistd_64.h: glibc has no functions for them.
    private static final int SYS_IO_SETUP = 206;
    private static final int SYS_IO_DESTROY = 207;
    private static final int SYS_IO_SUBMIT = 209;
    private static final int SYS_IO_URING_SETUP = 425;
    private static final int SYS_IO_URING_ENTER = 426;
    private static final int SYS_IO_URING_REGISTER = 427;

    private static final int SIG_BLOCK = 0;
    /** glibc's {@code sigset_t} has 1,024 bits; the kernel uses the first 64. */
    private static final int SIGSET_BYTES = 128;

    private static final int STAT_MODE_OFFSET = 24;
    private static final int STAT_SIZE_OFFSET = 48;
    private static final int STAT_BLOCKS_OFFSET = 64;
    private static final int STAT_BLOCK_BYTES = 512;

    /** The low bits of a thread's CPU-time clock id: {@code CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED} of the kernel. */
    private static final int THREAD_CPU_CLOCK = 0x6;

    /** The file is the descriptor itself: {@code linux/fcntl.h}. */
    private static final int AT_EMPTY_PATH = 0x1000;

    private static final byte[] EMPTY_PATH = {0};

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);
    private final int processId = LibC.getpid();

    /** Memory for the small structures that calls point to; each thread has its own. */
    private static final class Scratch {
        /** Two signal sets and a time, or the 144 bytes of {@code struct stat}. */
        private final ByteBuffer memory =
                ByteBuffer.allocateDirect(3 * SIGSET_BYTES).order(ByteOrder.LITTLE_ENDIAN);

        private final long address = Pointer.nativeValue(Native.getDirectBufferPointer(memory));

        long signalSet(int signal) {
            for (int offset = 0; offset < SIGSET_BYTES; offset += Long.BYTES) {
                memory.putLong(offset, 0);
            }
            memory.putLong(0, 1L << (signal - 1));
            return address;
        }
    }

    @Override
    public int open(String path, int flags) {
        return result(LibC.open(cString(path), flags, 0));
    }

    @Override
    public int close(int fd) {
        return result(LibC.close(fd));
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        int value = LibC.ioctl(fd, request, argument);
        return value >= 0 ? value : -Native.getLastError();
    }

    @Override
    public long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        return result(LibC.mmap(address, length, protection, flags, fd, offset));
    }

    @Override
    public int munmap(long address, long length) {
        return result(LibC.munmap(address, length));
    }

    @Override
    public int madvise(long address, long length, int advice) {
        return result(LibC.madvise(address, length, advice));
    }

    @Override
    public int memfdCreate(String name, int flags) {
        return result(LibC.memfd_create(cString(name), flags));
    }

    @Override
    public int ftruncate(int fd, long length) {
        return result(LibC.ftruncate(fd, length));
    }

    @Override
    public int fcntl(int fd, int command, int argument) {
        return result(LibC.fcntl(fd, command, argument));
    }

    @Override
    public long pread(int fd, long address, long length, long position) {
        return result(LibC.pread(fd, address, length, position));
    }

    @Override
    public long pwrite(int fd, long address, long length, long position) {
        return result(LibC.pwrite(fd, address, length, position));
    }

    @Override
    public long preadv(int fd, long iovecs, int count, long position) {
        return result(LibC.preadv(fd, iovecs, count, position));
    }

    @Override
    public long pwritev(int fd, long iovecs, int count, long position) {
        return result(LibC.pwritev(fd, iovecs, count, position));
    }

    @Override
    public long read(int fd, long address, long length) {
        return result(LibC.read(fd, address, length));
    }

    @Override
    public long write(int fd, long address, long length) {
        return result(LibC.write(fd, address, length));
    }

    @Override
    public long readv(int fd, long iovecs, int count) {
        return result(LibC.readv(fd, iovecs, count));
    }

    @Override
    public long writev(int fd, long iovecs, int count) {
        return result(LibC.writev(fd, iovecs, count));
    }

    @Override
    public int fdatasync(int fd) {
        return result(LibC.fdatasync(fd));
    }

    @Override
    public int fallocate(int fd, int mode, long position, long length) {
        return result(LibC.fallocate(fd, mode, position, length));
    }

    @Override
    public long lseek(int fd, long position, int whence) {
        return result(LibC.lseek(fd, position, whence));
    }

    @Override
    public int eventfd(int initialValue, int flags) {
        return result(LibC.eventfd(initialValue, flags));
    }

    @Override
    public int signalEventfd(int fd, long value) {
        return result(LibC.eventfd_write(fd, value));
    }

    @Override
    public int epollCreate(int flags) {
        return result(LibC.epoll_create1(flags));
    }

    @Override
    public int epollControl(int epollFd, int operation, int fd, int events, long data) {
        Scratch event = scratch.get();
        // struct epoll_event is packed on x86-64: 32 bits of events, 64 bits of data.
        event.memory.putInt(0, events).putLong(Integer.BYTES, data);
        return result(LibC.epoll_ctl(epollFd, operation, fd, event.address));
    }

    @Override
    public int epollWait(int epollFd, long eventsAddress, int maxEvents, int timeoutMillis) {
        return result(LibC.epoll_wait(epollFd, eventsAddress, maxEvents, timeoutMillis));
    }

    @Override
    public long allocatedBytes(int fd) {
        Scratch stat = scratch.get();
        int result = result(LibC.fstat(fd, stat.address));
        return result < 0 ? result : stat.memory.getLong(STAT_BLOCKS_OFFSET) * STAT_BLOCK_BYTES;
    }

    @Override
    public long sizeBytes(int fd) {
        Scratch stat = scratch.get();
        int result = result(LibC.fstat(fd, stat.address));
        return result < 0 ? result : stat.memory.getLong(STAT_SIZE_OFFSET);
    }

    @Override
    public int mode(int fd) {
        Scratch stat = scratch.get();
        int result = result(LibC.fstat(fd, stat.address));
        return result < 0 ? result : stat.memory.getInt(STAT_MODE_OFFSET);
    }

    @Override
    public int gettid() {
        return LibC.gettid();
    }

    @Override
    public int tgkill(int threadId, int signal) {
        return result(LibC.tgkill(processId, threadId, signal));
    }

    @Override
    public int blockSignal(int signal) {
        // pthread functions return the error number itself.
        return -LibC.pthread_sigmask(SIG_BLOCK, scratch.get().signalSet(signal), 0);
    }

    @Override
    public long signalMask() {
        Scratch memory = scratch.get();
        LibC.pthread_sigmask(SIG_BLOCK, 0, memory.address);
        return memory.memory.getLong(0);
    }

    @Override
    public int takePendingSignal(int signal) {
        Scratch memory = scratch.get();
        long noWait = memory.address + SIGSET_BYTES;
        memory.memory.putLong(SIGSET_BYTES, 0).putLong(SIGSET_BYTES + Long.BYTES, 0);
        return result(LibC.sigtimedwait(memory.signalSet(signal), 0, noWait));
    }

    @Override
    public long threadCpuNanos(int threadId) {
        Scratch memory = scratch.get();
        int clock = (~threadId << 3) | THREAD_CPU_CLOCK;
        int result = result(LibC.clock_gettime(clock, memory.address));
        return result < 0 ? result : memory.memory.getLong(0) * NANOS_PER_SECOND + memory.memory.getLong(Long.BYTES);
    }

    @Override
    public ByteBuffer bufferAt(long address, long length) {
        return new Pointer(address).getByteBuffer(0, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long addressOf(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    @Override
    public long getrandom(long address, long length, int flags) {
        return result(LibC.getrandom(address, length, flags));
    }

    @Override
    public int fcntlStruct(int fd, int command, long address) {
        return result(LibC.fcntl(fd, command, address));
    }

    @Override
    public long preadv2(int fd, long iovecs, int count, long position, int flags) {
        return result(LibC.preadv2(fd, iovecs, count, position, flags));
    }

    @Override
    public int statx(int fd, int mask, long address) {
        return result(LibC.statx(fd, EMPTY_PATH, AT_EMPTY_PATH, mask, address));
    }

    @Override
    public int socket(int domain, int type, int protocol) {
        return result(LibC.socket(domain, type, protocol));
    }

    @Override
    public int connect(int fd, long address, int length) {
        return result(LibC.connect(fd, address, length));
    }

    @Override
    public int ioSetup(int entries, long address) {
        return (int) result(LibC.syscall(SYS_IO_SETUP, entries, address, 0));
    }

    @Override
    public int ioSubmit(long context, int count, long iocbs) {
        return (int) result(LibC.syscall(SYS_IO_SUBMIT, context, count, iocbs));
    }

    @Override
    public int ioDestroy(long context) {
        return (int) result(LibC.syscall(SYS_IO_DESTROY, context, 0, 0));
    }

    @Override
    public int ioUringSetup(int entries, long params) {
        return (int) result(LibC.syscall(SYS_IO_URING_SETUP, entries, params, 0));
    }

    @Override
    public int ioUringEnter(int fd, int submissions, int completions, int flags) {
        return (int) result(LibC.syscall(SYS_IO_URING_ENTER, fd, submissions, completions, flags, 0, 0));
    }

    @Override
    public int ioUringRegister(int fd, int operation, long argument, int count) {
        return (int) result(LibC.syscall(SYS_IO_URING_REGISTER, fd, operation, argument, count, 0, 0));
    }

    @Override
    public int fsetxattr(int fd, String name, long address, int length, int flags) {
        return result(LibC.fsetxattr(fd, cString(name), address, length, flags));
    }

    @Override
    public int fgetxattr(int fd, String name, long address, int length) {
        return (int) result(LibC.fgetxattr(fd, cString(name), address, length));
    }

    @Override
    public int fremovexattr(int fd, String name) {
        return result(LibC.fremovexattr(fd, cString(name)));
    }

    @Override
    public long fileSystemType(int fd) {
        // The 120 bytes of struct statfs begin with it.
        Scratch statfs = scratch.get();
        int result = result(LibC.fstatfs(fd, statfs.address));
        return result < 0 ? result : statfs.memory.getLong(0);
    }

    private static int result(int value) {
        return value == -1 ? -Native.getLastError() : value;
    }

    private static long result(long value) {
        return value == -1 ? -Native.getLastError() : value;
    }

    private static byte[] cString(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (byte b : bytes) {
            if (b == 0) {
                throw new IllegalArgumentException("a NUL in \"" + text.replace("\0", "\\0") + "\"");
            }
        }
        byte[] terminated = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, terminated, 0, bytes.length);
        return terminated;
    }
}
