/* Prints what the kernel's own headers say of the numbers and offsets that org.kvmbeans.kvm has written down. */
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>

#define NUMBER(name) printf("%s=%llu\n", #name, (unsigned long long)(unsigned)(name))
#define VALUE(label, value) printf("%s=%llu\n", label, (unsigned long long)(value))
#define OFFSET(name, type, field) printf("%s=%zu\n", name, offsetof(type, field))
#define SIZE(name, type) printf("%s=%zu\n", name, sizeof(type))

int main(void) {
    NUMBER(KVM_GET_API_VERSION);
    NUMBER(KVM_CREATE_VM);
    NUMBER(KVM_CHECK_EXTENSION);
    NUMBER(KVM_GET_VCPU_MMAP_SIZE);
    NUMBER(KVM_GET_SUPPORTED_CPUID);
    NUMBER(KVM_CREATE_VCPU);
    NUMBER(KVM_SET_USER_MEMORY_REGION);
    NUMBER(KVM_SET_TSS_ADDR);
    NUMBER(KVM_SET_IDENTITY_MAP_ADDR);
    NUMBER(KVM_CREATE_IRQCHIP);
    NUMBER(KVM_IRQ_LINE);
    NUMBER(KVM_CREATE_PIT2);
    NUMBER(KVM_SET_CLOCK);
    NUMBER(KVM_GET_CLOCK);
    NUMBER(KVM_RUN);
    NUMBER(KVM_GET_REGS);
    NUMBER(KVM_SET_REGS);
    NUMBER(KVM_GET_SREGS);
    NUMBER(KVM_SET_SREGS);
    NUMBER(KVM_SET_MSRS);
    NUMBER(KVM_SET_SIGNAL_MASK);
    NUMBER(KVM_SET_CPUID2);
    NUMBER(KVM_KVMCLOCK_CTRL);
    NUMBER(KVM_SET_GSI_ROUTING);
    NUMBER(KVM_IRQFD);
    NUMBER(KVM_IOEVENTFD);
    NUMBER(KVM_ENABLE_CAP);
    NUMBER(KVM_SIGNAL_MSI);

    OFFSET("KvmRun.IMMEDIATE_EXIT", struct kvm_run, immediate_exit);
    OFFSET("KvmRun.EXIT_REASON", struct kvm_run, exit_reason);
    OFFSET("KvmRun.HARDWARE_EXIT_REASON", struct kvm_run, hw.hardware_exit_reason);
    OFFSET("KvmRun.ENTRY_FAILURE_REASON", struct kvm_run, fail_entry.hardware_entry_failure_reason);
    OFFSET("KvmRun.ENTRY_FAILURE_CPU", struct kvm_run, fail_entry.cpu);
    OFFSET("KvmRun.EXCEPTION", struct kvm_run, ex.exception);
    OFFSET("KvmRun.EXCEPTION_ERROR_CODE", struct kvm_run, ex.error_code);
    OFFSET("KvmRun.IO_DIRECTION", struct kvm_run, io.direction);
    OFFSET("KvmRun.IO_SIZE", struct kvm_run, io.size);
    OFFSET("KvmRun.IO_PORT", struct kvm_run, io.port);
    OFFSET("KvmRun.IO_COUNT", struct kvm_run, io.count);
    OFFSET("KvmRun.IO_DATA_OFFSET", struct kvm_run, io.data_offset);
    OFFSET("KvmRun.MMIO_ADDRESS", struct kvm_run, mmio.phys_addr);
    OFFSET("KvmRun.MMIO_DATA", struct kvm_run, mmio.data);
    OFFSET("KvmRun.MMIO_LENGTH", struct kvm_run, mmio.len);
    OFFSET("KvmRun.MMIO_IS_WRITE", struct kvm_run, mmio.is_write);
    OFFSET("KvmRun.INTERNAL_SUBERROR", struct kvm_run, internal.suberror);
    OFFSET("KvmRun.INTERNAL_DATA_COUNT", struct kvm_run, internal.ndata);
    OFFSET("KvmRun.INTERNAL_DATA", struct kvm_run, internal.data);
    OFFSET("KvmRun.SYSTEM_EVENT_TYPE", struct kvm_run, system_event.type);
    OFFSET("KvmRun.MSR_ERROR", struct kvm_run, msr.error);

    SIZE("Registers.BYTES", struct kvm_regs);
    OFFSET("Register.RAX", struct kvm_regs, rax);
    OFFSET("Register.RBX", struct kvm_regs, rbx);
    OFFSET("Register.RCX", struct kvm_regs, rcx);
    OFFSET("Register.RDX", struct kvm_regs, rdx);
    OFFSET("Register.RSI", struct kvm_regs, rsi);
    OFFSET("Register.RDI", struct kvm_regs, rdi);
    OFFSET("Register.RSP", struct kvm_regs, rsp);
    OFFSET("Register.RBP", struct kvm_regs, rbp);
    OFFSET("Register.R8", struct kvm_regs, r8);
    OFFSET("Register.R9", struct kvm_regs, r9);
    OFFSET("Register.R10", struct kvm_regs, r10);
    OFFSET("Register.R11", struct kvm_regs, r11);
    OFFSET("Register.R12", struct kvm_regs, r12);
    OFFSET("Register.R13", struct kvm_regs, r13);
    OFFSET("Register.R14", struct kvm_regs, r14);
    OFFSET("Register.R15", struct kvm_regs, r15);
    OFFSET("Register.RIP", struct kvm_regs, rip);
    OFFSET("Register.RFLAGS", struct kvm_regs, rflags);

    SIZE("SpecialRegisters.BYTES", struct kvm_sregs);
    OFFSET("SegmentRegister.CS", struct kvm_sregs, cs);
    OFFSET("SegmentRegister.DS", struct kvm_sregs, ds);
    OFFSET("SegmentRegister.ES", struct kvm_sregs, es);
    OFFSET("SegmentRegister.FS", struct kvm_sregs, fs);
    OFFSET("SegmentRegister.GS", struct kvm_sregs, gs);
    OFFSET("SegmentRegister.SS", struct kvm_sregs, ss);
    OFFSET("SegmentRegister.TR", struct kvm_sregs, tr);
    OFFSET("SegmentRegister.LDT", struct kvm_sregs, ldt);
    OFFSET("DescriptorTable.GDT", struct kvm_sregs, gdt);
    OFFSET("DescriptorTable.IDT", struct kvm_sregs, idt);
    OFFSET("ControlRegister.CR0", struct kvm_sregs, cr0);
    OFFSET("ControlRegister.CR2", struct kvm_sregs, cr2);
    OFFSET("ControlRegister.CR3", struct kvm_sregs, cr3);
    OFFSET("ControlRegister.CR4", struct kvm_sregs, cr4);
    OFFSET("ControlRegister.CR8", struct kvm_sregs, cr8);
    OFFSET("ControlRegister.EFER", struct kvm_sregs, efer);
    OFFSET("ControlRegister.APIC_BASE", struct kvm_sregs, apic_base);

    SIZE("Segment.BYTES", struct kvm_segment);
    OFFSET("Segment.limit", struct kvm_segment, limit);
    OFFSET("Segment.selector", struct kvm_segment, selector);
    OFFSET("Segment.type", struct kvm_segment, type);
    OFFSET("Segment.dpl", struct kvm_segment, dpl);
    OFFSET("Segment.db", struct kvm_segment, db);
    OFFSET("Segment.codeOrData", struct kvm_segment, s);
    OFFSET("Segment.longMode", struct kvm_segment, l);
    OFFSET("Segment.granularity", struct kvm_segment, g);
    SIZE("CpuidEntry.BYTES", struct kvm_cpuid_entry2);
    SIZE("Msr.BYTES", struct kvm_msr_entry);

    SIZE("KvmEvents.IOEVENTFD_BYTES", struct kvm_ioeventfd);
    OFFSET("KvmEvents.IOEVENTFD_MATCH", struct kvm_ioeventfd, datamatch);
    OFFSET("KvmEvents.IOEVENTFD_ADDRESS", struct kvm_ioeventfd, addr);
    OFFSET("KvmEvents.IOEVENTFD_LENGTH", struct kvm_ioeventfd, len);
    OFFSET("KvmEvents.IOEVENTFD_FD", struct kvm_ioeventfd, fd);
    OFFSET("KvmEvents.IOEVENTFD_FLAGS", struct kvm_ioeventfd, flags);
    VALUE("KvmEvents.IOEVENTFD_FLAG_DATAMATCH", KVM_IOEVENTFD_FLAG_DATAMATCH);
    VALUE("KvmEvents.IOEVENTFD_FLAG_PIO", KVM_IOEVENTFD_FLAG_PIO);
    VALUE("KvmEvents.IOEVENTFD_FLAG_DEASSIGN", KVM_IOEVENTFD_FLAG_DEASSIGN);
    SIZE("KvmEvents.IRQFD_BYTES", struct kvm_irqfd);
    OFFSET("KvmEvents.IRQFD_FD", struct kvm_irqfd, fd);
    OFFSET("KvmEvents.IRQFD_GSI", struct kvm_irqfd, gsi);
    OFFSET("KvmEvents.IRQFD_FLAGS", struct kvm_irqfd, flags);
    OFFSET("KvmEvents.IRQFD_RESAMPLE_FD", struct kvm_irqfd, resamplefd);
    VALUE("KvmEvents.IRQFD_FLAG_DEASSIGN", KVM_IRQFD_FLAG_DEASSIGN);
    VALUE("KvmEvents.IRQFD_FLAG_RESAMPLE", KVM_IRQFD_FLAG_RESAMPLE);
    SIZE("KvmEvents.MSI_BYTES", struct kvm_msi);
    OFFSET("KvmEvents.MSI_ADDRESS_LOW", struct kvm_msi, address_lo);
    OFFSET("KvmEvents.MSI_ADDRESS_HIGH", struct kvm_msi, address_hi);
    OFFSET("KvmEvents.MSI_DATA", struct kvm_msi, data);

    OFFSET("GsiRouting.HEADER_BYTES", struct kvm_irq_routing, entries);
    OFFSET("GsiRouting.COUNT", struct kvm_irq_routing, nr);
    SIZE("GsiRouting.ENTRY_BYTES", struct kvm_irq_routing_entry);
    OFFSET("GsiRouting.ENTRY_GSI", struct kvm_irq_routing_entry, gsi);
    OFFSET("GsiRouting.ENTRY_TYPE", struct kvm_irq_routing_entry, type);
    OFFSET("GsiRouting.ENTRY_IRQCHIP", struct kvm_irq_routing_entry, u.irqchip.irqchip);
    OFFSET("GsiRouting.ENTRY_PIN", struct kvm_irq_routing_entry, u.irqchip.pin);
    OFFSET("GsiRouting.ENTRY_ADDRESS_LOW", struct kvm_irq_routing_entry, u.msi.address_lo);
    OFFSET("GsiRouting.ENTRY_ADDRESS_HIGH", struct kvm_irq_routing_entry, u.msi.address_hi);
    OFFSET("GsiRouting.ENTRY_DATA", struct kvm_irq_routing_entry, u.msi.data);
    VALUE("GsiRouting.TYPE_IRQCHIP", KVM_IRQ_ROUTING_IRQCHIP);
    VALUE("GsiRouting.TYPE_MSI", KVM_IRQ_ROUTING_MSI);
    VALUE("GsiRouting.PIC_MASTER", KVM_IRQCHIP_PIC_MASTER);
    VALUE("GsiRouting.PIC_SLAVE", KVM_IRQCHIP_PIC_SLAVE);
    VALUE("GsiRouting.IOAPIC", KVM_IRQCHIP_IOAPIC);
    VALUE("GsiRouting.IOAPIC_PINS", KVM_IOAPIC_NUM_PINS);

    SIZE("KvmVm.ENABLE_CAP_BYTES", struct kvm_enable_cap);
    OFFSET("KvmVm.ENABLE_CAP_ARGUMENTS", struct kvm_enable_cap, args);
    VALUE("KvmVm.X2APIC_USE_32BIT_IDS", KVM_X2APIC_API_USE_32BIT_IDS);
    VALUE("KvmVm.X2APIC_DISABLE_BROADCAST_QUIRK", KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK);

    NUMBER(KVM_CAP_IRQCHIP);
    NUMBER(KVM_CAP_USER_MEMORY);
    NUMBER(KVM_CAP_SET_TSS_ADDR);
    NUMBER(KVM_CAP_EXT_CPUID);
    NUMBER(KVM_CAP_NR_VCPUS);
    NUMBER(KVM_CAP_NR_MEMSLOTS);
    NUMBER(KVM_CAP_MP_STATE);
    NUMBER(KVM_CAP_IRQ_ROUTING);
    NUMBER(KVM_CAP_IRQFD);
    NUMBER(KVM_CAP_PIT2);
    NUMBER(KVM_CAP_IOEVENTFD);
    NUMBER(KVM_CAP_SET_IDENTITY_MAP_ADDR);
    NUMBER(KVM_CAP_ADJUST_CLOCK);
    NUMBER(KVM_CAP_MAX_VCPUS);
    NUMBER(KVM_CAP_TSC_DEADLINE_TIMER);
    NUMBER(KVM_CAP_KVMCLOCK_CTRL);
    NUMBER(KVM_CAP_SIGNAL_MSI);
    NUMBER(KVM_CAP_READONLY_MEM);
    NUMBER(KVM_CAP_IRQFD_RESAMPLE);
    NUMBER(KVM_CAP_ENABLE_CAP_VM);
    NUMBER(KVM_CAP_IOEVENTFD_ANY_LENGTH);
    NUMBER(KVM_CAP_MAX_VCPU_ID);
    NUMBER(KVM_CAP_X2APIC_API);
    NUMBER(KVM_CAP_IMMEDIATE_EXIT);

    NUMBER(KVM_EXIT_UNKNOWN);
    NUMBER(KVM_EXIT_EXCEPTION);
    NUMBER(KVM_EXIT_IO);
    NUMBER(KVM_EXIT_HYPERCALL);
    NUMBER(KVM_EXIT_DEBUG);
    NUMBER(KVM_EXIT_HLT);
    NUMBER(KVM_EXIT_MMIO);
    NUMBER(KVM_EXIT_IRQ_WINDOW_OPEN);
    NUMBER(KVM_EXIT_SHUTDOWN);
    NUMBER(KVM_EXIT_FAIL_ENTRY);
    NUMBER(KVM_EXIT_INTR);
    NUMBER(KVM_EXIT_SET_TPR);
    NUMBER(KVM_EXIT_TPR_ACCESS);
    NUMBER(KVM_EXIT_NMI);
    NUMBER(KVM_EXIT_INTERNAL_ERROR);
    NUMBER(KVM_EXIT_WATCHDOG);
    NUMBER(KVM_EXIT_SYSTEM_EVENT);
    NUMBER(KVM_EXIT_IOAPIC_EOI);
    NUMBER(KVM_EXIT_HYPERV);
    return 0;
}
