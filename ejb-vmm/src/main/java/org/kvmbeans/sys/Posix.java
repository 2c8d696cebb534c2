package org.kvmbeans.sys;

import java.nio.ByteBuffer;

/**
 * The system calls that the VMM makes.
 *
 * <p>Every call returns what the kernel returns: a value of 0 or more, or the negated {@link Errno} of its failure. A
 * caller for whom a failure is no result turns it into a {@link PosixException} that names the call. Addresses are
 * virtual addresses of this process. All methods may be called from any thread; none retries after {@code EINTR}.
 */
public interface Posix {
    /** open(2) of a path, which may hold any byte but NUL; add {@link Open#CLOEXEC} to the flags. */
    int open(String path, int flags);

    /** close(2). The descriptor is gone whatever the result is. */
    int close(int fd);

    /** ioctl(2) with an integer or an address as its argument. */
    int ioctl(int fd, long request, long argument);

    /** mmap(2); an address, or a negated errno, which no address can be. */
    long mmap(long address, long length, int protection, int flags, int fd, long offset);

    /** munmap(2). */
    int munmap(long address, long length);

    /** madvise(2). */
    int madvise(long address, long length, int advice);

    /** memfd_create(2). */
    int memfdCreate(String name, int flags);

    /** ftruncate(2). */
    int ftruncate(int fd, long length);

    /** fcntl(2) with an integer argument. */
    int fcntl(int fd, int command, int argument);

    /** pread(2) to an address. */
    long pread(int fd, long address, long length, long position);

    /** pwrite(2) from an address. */
    long pwrite(int fd, long address, long length, long position);

    /** preadv(2); {@code iovecs} is the address of {@code count} struct iovec. */
    long preadv(int fd, long iovecs, int count, long position);

    /** pwritev(2); {@code iovecs} is the address of {@code count} struct iovec. */
    long pwritev(int fd, long iovecs, int count, long position);

    /** read(2) to an address. */
    long read(int fd, long address, long length);

    /** write(2) from an address. */
    long write(int fd, long address, long length);

    /** readv(2); {@code iovecs} is the address of {@code count} struct iovec. */
    long readv(int fd, long iovecs, int count);

    /** writev(2); {@code iovecs} is the address of {@code count} struct iovec. */
    long writev(int fd, long iovecs, int count);

    /** fdatasync(2). */
    int fdatasync(int fd);

    /** fallocate(2). */
    int fallocate(int fd, int mode, long position, long length);

    /** lseek(2). */
    long lseek(int fd, long position, int whence);

    /** The bytes that a regular file has: {@code st_size} of fstat(2). */
    long sizeBytes(int fd);

    /** The type and permission bits of a file: {@code st_mode} of fstat(2). */
    int mode(int fd);

    /** eventfd(2). */
    int eventfd(int initialValue, int flags);

    /** Adds {@code value} to the counter of an eventfd: eventfd_write(3). */
    int signalEventfd(int fd, long value);

    /** epoll_create1(2). */
    int epollCreate(int flags);

    /** epoll_ctl(2); {@code events} with {@code data} is the event, unused where the operation takes none. */
    int epollControl(int epollFd, int operation, int fd, int events, long data);

    /** epoll_wait(2); {@code eventsAddress} has room for {@code maxEvents} packed struct epoll_event of 12 bytes. */
    int epollWait(int epollFd, long eventsAddress, int maxEvents, int timeoutMillis);

    /** Bytes that the file system has allocated for {@code fd}: {@code st_blocks} of fstat(2) times 512. */
    long allocatedBytes(int fd);

    /** gettid(2): the calling thread as the kernel knows it. */
    int gettid();

    /** tgkill(2) to a thread of this process. */
    int tgkill(int threadId, int signal);

    /** Blocks {@code signal} for the calling thread: pthread_sigmask(3). */
    int blockSignal(int signal);

    /** The calling thread's signal mask as the kernel keeps it: bit n-1 for signal n. */
    long signalMask();

    /** Takes one pending, blocked {@code signal} without waiting: sigtimedwait(2), {@code -EAGAIN} if none pends. */
    int takePendingSignal(int signal);

    /** CPU nanoseconds that a thread of this process has used: clock_gettime(2) on its CPU-time clock. */
    long threadCpuNanos(int threadId);

    /**
     * A little-endian buffer over mapped memory of this process.
     *
     * <p>Reading or writing it once the memory is no longer mapped ends the JVM, so only {@link Mapping} calls this.
     *
     * @param length at most {@link Integer#MAX_VALUE}
     */
    ByteBuffer bufferAt(long address, long length);

    /** The address of a direct buffer's first byte. */
    long addressOf(ByteBuffer direct);

    /** getrandom(2) to an address; how many bytes were written. */
    long getrandom(long address, long length, int flags);

    /** fcntl(2) with the address of a structure as its argument. */
    int fcntlStruct(int fd, int command, long address);

    /** preadv2(2): preadv with {@code RWF_} flags. */
    long preadv2(int fd, long iovecs, int count, long position, int flags);

    /** statx(2) of an open file into the 256 bytes at {@code address}. */
    int statx(int fd, int mask, long address);

    /** socket(2). */
    int socket(int domain, int type, int protocol);

    /** connect(2); {@code address} is that of {@code length} bytes of struct sockaddr. */
    int connect(int fd, long address, int length);

    /** io_setup(2): room for {@code entries} requests; the context's number goes to the 8 bytes at {@code address}, which are 0. */
    int ioSetup(int entries, long address);

    /** io_submit(2): {@code count} pointers to struct iocb at {@code iocbs}; how many were taken. */
    int ioSubmit(long context, int count, long iocbs);

    /** io_destroy(2): waits for what is in progress. */
    int ioDestroy(long context);

    /** io_uring_setup(2): a ring of {@code entries}, whose struct io_uring_params is at {@code params}; its descriptor. */
    int ioUringSetup(int entries, long params);

    /** io_uring_enter(2): submits {@code submissions} entries and waits for {@code completions}; how many were taken. */
    int ioUringEnter(int fd, int submissions, int completions, int flags);

    /** io_uring_register(2). */
    int ioUringRegister(int fd, int operation, long argument, int count);

    /** fsetxattr(2) of {@code length} bytes at {@code address}; 0 for the flags creates or replaces. */
    int fsetxattr(int fd, String name, long address, int length, int flags);

    /** fgetxattr(2) to {@code length} bytes at {@code address}; how many the value has, {@code -ERANGE} where it has more. */
    int fgetxattr(int fd, String name, long address, int length);

    /** fremovexattr(2). */
    int fremovexattr(int fd, String name);

    /** Which kind of file system {@code fd} is on: {@code f_type} of fstatfs(2), one of {@code linux/magic.h}. */
    long fileSystemType(int fd);
}
