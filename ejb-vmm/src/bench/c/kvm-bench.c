/*
 * The C side of the benchmarks: the system calls that ejb-vmm makes for a VM, and nothing around them.
 *
 *   kvm-bench exit-loop        reads numbers of exits from standard input; for each, lets a guest that writes a port in a
 *                              loop make that many, decoded, counted and timed as the VMM does, and prints "EXITS WALL_NANOS CPU_NANOS"
 *   kvm-bench vms              reads numbers of VMs from standard input; for each, creates and starts that many more,
 *                              whose guest writes one byte and halts, and prints "WALL_NANOS PSS_KIB" once all have
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_BYTES (2UL << 20)
#define LOAD_ADDRESS 0x100000UL
#define KICK_SIGNAL 42
#define CPUID_ENTRIES 256

/* What the VMM keeps of each exit reason: how many, how long in all, how long the longest took. */
struct exit_totals {
    unsigned long count, total_nanos, max_nanos;
};

#define EXIT_REASONS 64

struct vcpu {
    int fd;
    struct kvm_run *run;
    pthread_t thread;
    struct exit_totals exits[EXIT_REASONS];
};

struct cpuid {
    struct kvm_cpuid2 header;
    struct kvm_cpuid_entry2 entries[CPUID_ENTRIES];
};

static const unsigned char port_loop[] = {0xE6, 0x80, 0xEB, 0xFC}; /* out 0x80, al; jmp -4 */
static const unsigned char print_and_halt[] = {
    0x66, 0xBA, 0xF8, 0x03, 0xB0, 'x', 0xEE, 0xFA, 0xF4, 0xEB, 0xFD}; /* out 0x3f8, 'x'; cli; hlt; jmp -3 */

static atomic_ulong bytes_transmitted;
static volatile unsigned char post_code;

static int check(int result, const char *call) {
    if (result < 0) {
        perror(call);
        exit(1);
    }
    return result;
}

static unsigned long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000UL + time.tv_nsec;
}

static unsigned char *create_memory(void) {
    int fd = check(memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create");
    check(ftruncate(fd, MEMORY_BYTES), "ftruncate");
    check(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), "F_ADD_SEALS");
    void *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    madvise(memory, MEMORY_BYTES, MADV_HUGEPAGE);
    madvise(memory, MEMORY_BYTES, MADV_DONTDUMP);
    return memory;
}

static void flat_segment(struct kvm_segment *segment, int type, int selector) {
    memset(segment, 0, sizeof *segment);
    segment->limit = 0xFFFFFFFF;
    segment->selector = selector;
    segment->type = type;
    segment->present = segment->db = segment->s = segment->g = 1;
}

static void enter_protected_mode(int vcpu) {
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    check(ioctl(vcpu, KVM_GET_REGS, &regs), "KVM_GET_REGS");
    check(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    flat_segment(&sregs.cs, 0xB, 0x10);
    flat_segment(&sregs.ds, 0x3, 0x18);
    sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.ds;
    sregs.cr0 |= 1;
    regs.rip = LOAD_ADDRESS;
    regs.rflags = 2;
    check(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    check(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static struct vcpu create_vm(const unsigned char *code, size_t code_bytes) {
    int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
    check(ioctl(kvm, KVM_GET_API_VERSION, 0), "KVM_GET_API_VERSION");
    unsigned char *memory = create_memory();
    memcpy(memory + LOAD_ADDRESS, code, code_bytes);
    int run_bytes = check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_ADJUST_CLOCK);
    unsigned long identity_map = 0xFFFBC000UL;
    check(ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map), "KVM_SET_IDENTITY_MAP_ADDR");
    check(ioctl(vm, KVM_SET_TSS_ADDR, 0xFFFBD000UL), "KVM_SET_TSS_ADDR");
    check(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
    struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};
    check(ioctl(vm, KVM_CREATE_PIT2, &pit), "KVM_CREATE_PIT2");
    struct kvm_userspace_memory_region region = {
        .memory_size = MEMORY_BYTES, .userspace_addr = (unsigned long)memory};
    check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
    ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER);
    struct cpuid cpuid = {.header = {.nent = CPUID_ENTRIES}};
    check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
    struct vcpu vcpu = {.fd = check(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU")};
    vcpu.run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu.fd, 0);
    check(ioctl(vcpu.fd, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
    enter_protected_mode(vcpu.fd);
    close(kvm);
    return vcpu;
}

static void open_kick(int vcpu) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, KICK_SIGNAL);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    struct {
        struct kvm_signal_mask header;
        unsigned char sigset[8];
    } mask = {.header = {.len = 8}};
    check(ioctl(vcpu, KVM_SET_SIGNAL_MASK, &mask), "KVM_SET_SIGNAL_MASK");
}

static void record(struct exit_totals *totals, unsigned long nanos) {
    totals->count++;
    totals->total_nanos += nanos;
    if (nanos > totals->max_nanos) {
        totals->max_nanos = nanos;
    }
}

/* One entry into the guest and the handling of its exit, which is counted and timed as the VMM does. */
static void run_once(struct vcpu *vcpu) {
    int result = ioctl(vcpu->fd, KVM_RUN, 0);
    unsigned long left_guest = now(CLOCK_MONOTONIC);
    struct kvm_run *run = vcpu->run;
    if (result < 0 && errno != EINTR && errno != EAGAIN) {
        perror("KVM_RUN");
        exit(1);
    }
    if (result < 0) {
        return;
    }
    switch (run->exit_reason) {
    case KVM_EXIT_IO: {
        unsigned char *data = (unsigned char *)run + run->io.data_offset;
        for (unsigned i = 0; i < run->io.count; i++, data += run->io.size) {
            if (run->io.direction == KVM_EXIT_IO_OUT && run->io.port == 0x80) {
                post_code = *data;
            } else if (run->io.direction == KVM_EXIT_IO_OUT && run->io.port == 0x3F8) {
                atomic_fetch_add(&bytes_transmitted, 1);
            } else if (run->io.direction == KVM_EXIT_IO_IN) {
                *data = 0xFF;
            }
        }
        break;
    }
    default:
        fprintf(stderr, "exit reason %u\n", run->exit_reason);
        exit(1);
    }
    record(&vcpu->exits[run->exit_reason], now(CLOCK_MONOTONIC) - left_guest);
}

static void *run_vcpu(void *argument) {
    struct vcpu *vcpu = argument;
    open_kick(vcpu->fd);
    for (;;) {
        run_once(vcpu);
    }
    return NULL;
}

static void exit_loop(void) {
    struct vcpu vcpu = create_vm(port_loop, sizeof port_loop);
    open_kick(vcpu.fd);
    unsigned long exits;
    while (scanf("%lu", &exits) == 1) {
        unsigned long wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
        for (unsigned long i = 0; i < exits; i++) {
            run_once(&vcpu);
        }
        wall = now(CLOCK_MONOTONIC) - wall;
        cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
        printf("%lu %lu %lu\n", exits, wall, cpu);
        fflush(stdout);
    }
}

static long pss_kib(void) {
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "Pss: %ld", &kib) != 1) {
    }
    if (file) {
        fclose(file);
    }
    return kib;
}

static void many_vms(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 512 << 10);
    unsigned long count, total = 0;
    while (scanf("%lu", &count) == 1) {
        struct vcpu *vcpus = calloc(count, sizeof *vcpus);
        unsigned long start = now(CLOCK_MONOTONIC);
        for (unsigned long i = 0; i < count; i++) {
            vcpus[i] = create_vm(print_and_halt, sizeof print_and_halt);
            check(-pthread_create(&vcpus[i].thread, &attributes, run_vcpu, &vcpus[i]), "pthread_create");
        }
        total += count;
        while (atomic_load(&bytes_transmitted) < total) {
            usleep(1000);
        }
        unsigned long elapsed = now(CLOCK_MONOTONIC) - start;
        printf("%lu %ld\n", elapsed, pss_kib());
        fflush(stdout);
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "exit-loop")) {
        exit_loop();
    } else if (argc == 2 && !strcmp(argv[1], "vms")) {
        many_vms();
    } else {
        fprintf(stderr, "usage: kvm-bench exit-loop | kvm-bench vms\n");
        return 2;
    }
    return 0;
}
