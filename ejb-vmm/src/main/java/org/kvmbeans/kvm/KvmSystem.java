package org.kvmbeans.kvm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/** Owner of {@code /dev/kvm}: KVM api.rst 4.1 to 4.5 and 4.46. May be used from any thread. */
public final class KvmSystem implements AutoCloseable {
    /** The device of KVM. */
    public static final String DEVICE = "/dev/kvm";

    /** The one version of the interface that is left: KVM api.rst 4.1. */
    private static final int API_VERSION = 12;

    private static final int CPUID_HEADER_BYTES = 8;
    private static final int CPUID_MAX_ENTRIES = 256;

    private final Posix posix;
    private final OwnedFd fd;

    private KvmSystem(Posix posix, OwnedFd fd) {
        this.posix = posix;
        this.fd = fd;
    }

    /**
     * Opens {@code /dev/kvm}.
     *
     * @throws KvmUnavailableException where it is missing, forbidden or of another version
     */
    public static KvmSystem open(Posix posix) {
        int fd = posix.open(DEVICE, Open.RDWR | Open.CLOEXEC);
        if (fd < 0) {
            throw new KvmUnavailableException(unavailable(-fd));
        }
        KvmSystem system = new KvmSystem(posix, new OwnedFd(posix, fd));
        int version = system.apiVersion();
        if (version != API_VERSION) {
            system.close();
            throw new KvmUnavailableException(DEVICE + " has interface version " + version + ", not " + API_VERSION
                    + ": run a Linux kernel of 2.6.22 or newer");
        }
        return system;
    }

    private static String unavailable(int errno) {
        return switch (errno) {
            case Errno.ENOENT ->
                DEVICE + " is missing: load the module kvm_intel or kvm_amd, and enable virtualization in the"
                        + " firmware (or nested virtualization in the hypervisor)";
            case Errno.EACCES, Errno.EPERM ->
                DEVICE + " may not be opened by this user: add the user to the group kvm and log in again";
            case Errno.ENODEV, Errno.ENXIO -> DEVICE + " has no driver behind it: load the module kvm_intel or kvm_amd";
            default -> DEVICE + " cannot be opened: " + Errno.name(errno);
        };
    }

    /** KVM_GET_API_VERSION. */
    public int apiVersion() {
        return fd.ioctl("KVM_GET_API_VERSION", KvmIoctl.KVM_GET_API_VERSION, 0, "");
    }

    /** KVM_CHECK_EXTENSION: 0 where KVM lacks the capability, else 1 or the number it stands for. */
    public int check(Capability capability) {
        return Math.max(0, fd.ioctl(KvmIoctl.KVM_CHECK_EXTENSION, capability.number()));
    }

    /** The most vCPUs of one VM: KVM_CAP_MAX_VCPUS, or where that is missing KVM_CAP_NR_VCPUS, or 4. */
    public int maxVcpus() {
        int max = check(Capability.MAX_VCPUS);
        if (max == 0) {
            max = check(Capability.NR_VCPUS);
        }
        return max == 0 ? 4 : max;
    }

    /** KVM_CREATE_VM. */
    public KvmVm createVm() {
        int runBytes = fd.ioctl("KVM_GET_VCPU_MMAP_SIZE", KvmIoctl.KVM_GET_VCPU_MMAP_SIZE, 0, "");
        int vm = fd.ioctl("KVM_CREATE_VM", KvmIoctl.KVM_CREATE_VM, 0, "");
        return new KvmVm(posix, new OwnedFd(posix, vm), runBytes);
    }

    /** KVM_GET_SUPPORTED_CPUID: what a guest may be told with this CPU and kernel. */
    public List<CpuidEntry> supportedCpuid() {
        NativeStruct struct = new NativeStruct(posix, CPUID_HEADER_BYTES + CPUID_MAX_ENTRIES * CpuidEntry.BYTES);
        ByteBuffer buffer = struct.buffer();
        buffer.putInt(0, CPUID_MAX_ENTRIES);
        fd.ioctl("KVM_GET_SUPPORTED_CPUID", KvmIoctl.KVM_GET_SUPPORTED_CPUID, struct, "");
        int count = buffer.getInt(0);
        List<CpuidEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = CPUID_HEADER_BYTES + i * CpuidEntry.BYTES;
            entries.add(new CpuidEntry(
                    buffer.getInt(at),
                    buffer.getInt(at + 4),
                    buffer.getInt(at + 8),
                    buffer.getInt(at + 12),
                    buffer.getInt(at + 16),
                    buffer.getInt(at + 20),
                    buffer.getInt(at + 24)));
        }
        return entries;
    }

    static NativeStruct cpuidStruct(Posix posix, List<CpuidEntry> entries) {
        NativeStruct struct = new NativeStruct(posix, CPUID_HEADER_BYTES + entries.size() * CpuidEntry.BYTES);
        ByteBuffer buffer = struct.buffer();
        buffer.putInt(0, entries.size());
        int at = CPUID_HEADER_BYTES;
        for (CpuidEntry entry : entries) {
            buffer.putInt(at, entry.function());
            buffer.putInt(at + 4, entry.index());
            buffer.putInt(at + 8, entry.flags());
            buffer.putInt(at + 12, entry.eax());
            buffer.putInt(at + 16, entry.ebx());
            buffer.putInt(at + 20, entry.ecx());
            buffer.putInt(at + 24, entry.edx());
            at += CpuidEntry.BYTES;
        }
        return struct;
    }

    @Override
    public void close() {
        fd.close();
    }
}
