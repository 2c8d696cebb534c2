package org.kvmbeans.kvm;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.memory.MemoryRegion;
import org.kvmbeans.sys.Mapping;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * Owner of one VM's descriptor: KVM api.rst 4.7 to 4.35.
 *
 * <p>May be used from any thread. Its vCPUs, and then it, are closed before the guest memory that it maps.
 */
public final class KvmVm implements AutoCloseable {
    private static final int MEMORY_REGION_BYTES = 32;
    private static final int PIT_CONFIG_BYTES = 64;
    /** KVM_PIT_SPEAKER_DUMMY: the in-kernel PIT answers port 0x61 too. */
    private static final int PIT_SPEAKER_DUMMY = 1;

    private static final int CLOCK_BYTES = 48;

    // struct kvm_enable_cap
    static final int ENABLE_CAP_BYTES = 104;
    static final int ENABLE_CAP_ARGUMENTS = 8;
    static final int X2APIC_USE_32BIT_IDS = 1;
    static final int X2APIC_DISABLE_BROADCAST_QUIRK = 2;

    private final Posix posix;
    private final OwnedFd fd;
    private final int runBytes;
    private boolean extendedDestinations;
    private @Nullable GsiRouting gsiRouting;

    KvmVm(Posix posix, OwnedFd fd, int runBytes) {
        this.posix = posix;
        this.fd = fd;
        this.runBytes = runBytes;
    }

    /** KVM_SET_USER_MEMORY_REGION for every region, slots counted from 0. */
    public void map(GuestMemory memory) {
        NativeStruct struct = new NativeStruct(posix, MEMORY_REGION_BYTES);
        ByteBuffer buffer = struct.buffer();
        int slot = 0;
        for (MemoryRegion region : memory.regions()) {
            buffer.putInt(0, slot);
            buffer.putInt(4, 0); // flags
            buffer.putLong(8, region.guestAddress());
            buffer.putLong(16, region.lengthBytes());
            buffer.putLong(24, region.hostAddress());
            String arguments =
                    String.format("slot=%d, gpa=0x%x, bytes=0x%x", slot, region.guestAddress(), region.lengthBytes());
            fd.ioctl("KVM_SET_USER_MEMORY_REGION", KvmIoctl.KVM_SET_USER_MEMORY_REGION, struct, arguments);
            slot++;
        }
    }

    /**
     * KVM_SET_TSS_ADDR and KVM_SET_IDENTITY_MAP_ADDR: four pages that Intel CPUs need for real mode.
     *
     * @param identityMapGpa guest-physical address of one page, outside RAM
     * @param tssGpa guest-physical address of three pages, outside RAM
     */
    public void placeRealModePages(long identityMapGpa, long tssGpa) {
        NativeStruct struct = new NativeStruct(posix, Long.BYTES);
        struct.buffer().putLong(0, identityMapGpa);
        String identityMap = String.format("gpa=0x%x", identityMapGpa);
        fd.ioctl("KVM_SET_IDENTITY_MAP_ADDR", KvmIoctl.KVM_SET_IDENTITY_MAP_ADDR, struct, identityMap);
        fd.ioctl("KVM_SET_TSS_ADDR", KvmIoctl.KVM_SET_TSS_ADDR, tssGpa, String.format("gpa=0x%x", tssGpa));
    }

    /** KVM_CREATE_IRQCHIP: two PICs, an IOAPIC, and a local APIC in every vCPU created from now on. */
    public void createIrqchip() {
        fd.ioctl("KVM_CREATE_IRQCHIP", KvmIoctl.KVM_CREATE_IRQCHIP, 0, "");
    }

    /** KVM_CREATE_PIT2: an i8254 that also answers port 0x61. */
    public void createPit() {
        NativeStruct struct = new NativeStruct(posix, PIT_CONFIG_BYTES);
        struct.buffer().putInt(0, PIT_SPEAKER_DUMMY);
        fd.ioctl("KVM_CREATE_PIT2", KvmIoctl.KVM_CREATE_PIT2, struct, "");
    }

    /** The wire into the in-kernel interrupt controllers for one GSI. */
    public IrqLine irqLine(int gsi) {
        return new IrqLine(posix, fd, gsi);
    }

    /**
     * KVM_CAP_X2APIC_API: interrupts reach APIC ids above 255, and id 255 means that CPU alone (KVM api.rst 7.7). Called
     * before the first vCPU is created and before {@link #gsiRouting} is used.
     *
     * @return false where KVM lacks it: no vCPU may have an APIC id above 254 then
     */
    public synchronized boolean enableX2ApicIds() {
        if (check(Capability.X2APIC_API) == 0) {
            return false;
        }
        NativeStruct struct = new NativeStruct(posix, ENABLE_CAP_BYTES);
        struct.buffer()
                .putInt(0, Capability.X2APIC_API.number())
                .putLong(ENABLE_CAP_ARGUMENTS, X2APIC_USE_32BIT_IDS | X2APIC_DISABLE_BROADCAST_QUIRK);
        fd.ioctl("KVM_ENABLE_CAP", KvmIoctl.KVM_ENABLE_CAP, struct, "KVM_CAP_X2APIC_API");
        extendedDestinations = true;
        return true;
    }

    /** The routes of interrupts, of which a VM has one table; {@link #createIrqchip} comes first. */
    public synchronized GsiRouting gsiRouting() {
        GsiRouting routing = gsiRouting;
        if (routing == null) {
            routing = new GsiRouting(posix, fd, check(Capability.IRQ_ROUTING), extendedDestinations);
            gsiRouting = routing;
        }
        return routing;
    }

    /** Eventfds joined to guest accesses and to interrupts. */
    public synchronized KvmEvents events() {
        return new KvmEvents(posix, fd, extendedDestinations);
    }

    /** KVM_CREATE_VCPU. */
    public KvmVcpu createVcpu(int id) {
        int vcpu = fd.ioctl("KVM_CREATE_VCPU", KvmIoctl.KVM_CREATE_VCPU, id, "id=" + id);
        OwnedFd owned = new OwnedFd(posix, vcpu);
        try {
            return new KvmVcpu(posix, id, owned, Mapping.shared(posix, vcpu, 0, runBytes));
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    /** KVM_CHECK_EXTENSION for this VM. */
    public int check(Capability capability) {
        return Math.max(0, fd.ioctl(KvmIoctl.KVM_CHECK_EXTENSION, capability.number()));
    }

    /** KVM_GET_CLOCK: nanoseconds of the guest's kvmclock. */
    public long clockNanos() {
        NativeStruct struct = new NativeStruct(posix, CLOCK_BYTES);
        fd.ioctl("KVM_GET_CLOCK", KvmIoctl.KVM_GET_CLOCK, struct, "");
        return struct.buffer().getLong(0);
    }

    /** KVM_SET_CLOCK: sets the guest's kvmclock, so that a pause takes no time for the guest. */
    public void setClockNanos(long nanos) {
        NativeStruct struct = new NativeStruct(posix, CLOCK_BYTES);
        struct.buffer().putLong(0, nanos);
        fd.ioctl("KVM_SET_CLOCK", KvmIoctl.KVM_SET_CLOCK, struct, "nanos=" + nanos);
    }

    @Override
    public void close() {
        fd.close();
    }
}
