package org.kvmbeans.arch.x86;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kvmbeans.kvm.ControlRegister;
import org.kvmbeans.kvm.KvmSystem;
import org.kvmbeans.kvm.KvmVcpu;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.kvm.SpecialRegisters;
import org.kvmbeans.sys.jna.JnaPosix;

/** What KVM makes of the registers that a vCPU enters a kernel with. */
class CpuEntryKvmIT {
    private static final long X2APIC_MODE = 1 << 10;

    @ParameterizedTest(name = "{0} sockets, {1} cores, {2} threads")
    @CsvSource({"1,255,1,false", "2,72,2,true"})
    void theFirstVcpuIsInX2ApicModeWhereIdsNeedIt(int sockets, int cores, int threads, boolean x2apic) {
        CpuTopology topology = new CpuTopology(sockets, cores, threads);
        try (KvmSystem system = KvmSystem.open(new JnaPosix());
                KvmVm vm = system.createVm()) {
            vm.createIrqchip();
            try (KvmVcpu vcpu = vm.createVcpu(topology.apicId(0))) {
                vcpu.setCpuid(new Cpuid(system.supportedCpuid(), topology, true).forVcpu(0));
                SpecialRegisters registers = vcpu.specialRegisters();
                CpuEntry.protectedMode(0x100000, 0, 0).applyTo(registers, topology);
                vcpu.set(registers);

                long base = vcpu.specialRegisters().get(ControlRegister.APIC_BASE);
                assertThat((base & X2APIC_MODE) != 0).isEqualTo(x2apic);
                assertThat(base & -4096).isEqualTo(PcLayout.LOCAL_APIC);
            }
        }
    }
}
