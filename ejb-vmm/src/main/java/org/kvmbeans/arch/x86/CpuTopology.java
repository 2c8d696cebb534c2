package org.kvmbeans.arch.x86;

/**
 * How a machine's vCPUs are grouped, and the APIC ids that follow. vCPUs are numbered by index, threads of a core first,
 * then the cores of a socket, from 0 to {@link #vcpuCount()} - 1.
 *
 * <p>An APIC id has a field of whole bits for each level (Intel SDM volume 3, 9.9), so where a level's size is no power of
 * two ids have gaps: with six cores a socket, the second socket's first core has id 8.
 *
 * @param sockets at least 1
 * @param cores per socket, at least 1
 * @param threads per core, at least 1
 */
public record CpuTopology(int sockets, int cores, int threads) {
    /** KVM_MAX_VCPU_IDS of Linux 6: KVM knows no more APIC ids. */
    private static final int MAX_VCPUS = 4096;

    /** The largest id of an xAPIC; 255 addresses all. */
    static final int MAX_XAPIC_ID = 254;

    public CpuTopology {
        if (sockets < 1 || cores < 1 || threads < 1 || (long) sockets * cores > MAX_VCPUS / threads) {
            throw new IllegalArgumentException("topology of " + sockets + " sockets, " + cores + " cores, " + threads
                    + " threads: each must be at least 1, and the product at most " + MAX_VCPUS);
        }
    }

    /** So many cores of one thread each in one socket: each vCPU's APIC id is its index. */
    public static CpuTopology ofCores(int cores) {
        return new CpuTopology(1, cores, 1);
    }

    /** How many vCPUs there can be. */
    public int vcpuCount() {
        return sockets * cores * threads;
    }

    /** vCPUs of one socket. */
    public int vcpusPerSocket() {
        return cores * threads;
    }

    /**
     * The APIC id of a vCPU: what KVM_CREATE_VCPU, CPUID and ACPI know it by.
     *
     * @param index 0 to {@link #vcpuCount()} - 1
     * @throws IndexOutOfBoundsException where there is no such vCPU
     */
    public int apicId(int index) {
        if (index < 0 || index >= vcpuCount()) {
            throw new IndexOutOfBoundsException("vCPU " + index + " of " + vcpuCount());
        }
        int core = index / threads;
        return (core / cores) << socketShift() | (core % cores) << threadBits() | index % threads;
    }

    /** The largest APIC id of all. */
    public int maxApicId() {
        return apicId(vcpuCount() - 1);
    }

    /**
     * Whether an APIC id is too large for the byte that an xAPIC has for it. KVM is then to take ids of 32 bits
     * (KVM_CAP_X2APIC_API), and interrupt messages carry extended destinations: CPUID offers them.
     */
    public boolean needsX2Apic() {
        return maxApicId() > MAX_XAPIC_ID;
    }

    /** The socket that a vCPU sits in, from 0 on. */
    int socket(int index) {
        return index / vcpusPerSocket();
    }

    /** The core within its socket, from 0 on. */
    int core(int index) {
        return index / threads % cores;
    }

    /** Bits of the APIC id that number a core's threads. */
    int threadBits() {
        return bitsFor(threads);
    }

    /** Bits of the APIC id that number a socket's cores. */
    int coreBits() {
        return bitsFor(cores);
    }

    /** Where in the APIC id the socket's number begins. */
    int socketShift() {
        return threadBits() + coreBits();
    }

    private static int bitsFor(int count) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(count - 1);
    }
}
