package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.bus.pci.MsiVector;
import org.kvmbeans.kvm.Capability;
import org.kvmbeans.kvm.GsiRouting;
import org.kvmbeans.kvm.IoEvent;
import org.kvmbeans.kvm.KvmSystem;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.jna.JnaPosix;

/** Routes, vectors and doorbells of a VM that runs no guest. */
class MsiKvmIT {
    private static final long APIC_0 = 0xFEE0_0000L;

    private final JnaPosix posix = new JnaPosix();
    private final KvmSystem system = KvmSystem.open(posix);
    private final KvmVm vm = system.createVm();

    @BeforeEach
    void createIrqchip() {
        assertThat(vm.enableX2ApicIds()).isEqualTo(system.check(Capability.X2APIC_API) != 0);
        vm.createIrqchip();
    }

    @AfterEach
    void close() {
        vm.close();
        system.close();
    }

    @Test
    void gsisBeginAboveThePinsAndAreUsedAgain() {
        GsiRouting routing = vm.gsiRouting();
        int first = routing.allocate();
        int second = routing.allocate();
        assertThat(first).isEqualTo(GsiRouting.FIRST_MSI);
        assertThat(second).isEqualTo(GsiRouting.FIRST_MSI + 1);
        routing.route(first, APIC_0, 0x30);
        routing.route(second, APIC_0 | 0x7F << 5, 0x31);
        routing.free(first);
        assertThat(routing.allocate()).isEqualTo(first);
        assertThat(vm.gsiRouting()).isSameAs(routing);
    }

    @Test
    void kvmTakesAsManyRoutesAsThereAreGsis() {
        GsiRouting routing = vm.gsiRouting();
        List<Integer> gsis = new ArrayList<>();
        for (int gsi = routing.allocate(); gsi >= 0; gsi = routing.allocate()) {
            gsis.add(gsi);
        }
        assertThat(gsis).hasSizeGreaterThan(900);
        routing.route(gsis.get(gsis.size() - 1), APIC_0, 0x30);
        routing.route(gsis.get(0), APIC_0, 0x31);

        // A vector that finds none left works without.
        MsiVector vector = new KvmMsiRouter(posix, vm).create("late");
        vector.program(APIC_0, 0x40);
        vector.unmask();
        vector.signal();
        assertThat(vector.eventFd()).isEqualTo(-1);
        vector.close();
    }

    @Test
    void signalsOfAMaskedVectorArePendingWhicheverWayTheyCame() {
        MsiVector vector = new KvmMsiRouter(posix, vm).create("v");
        vector.program(APIC_0, 0x40);
        assertThat(vm.gsiRouting().allocatedCount()).isZero();
        vector.signal();
        assertThat(vector.isPending()).isTrue();
        vector.unmask();
        assertThat(vm.gsiRouting().allocatedCount()).isEqualTo(1);
        assertThat(vector.isPending()).isFalse();
        vector.mask();
        assertThat(vector.isPending()).isFalse();
        posix.signalEventfd(vector.eventFd(), 1);
        assertThat(vector.isPending()).isTrue();
        vector.reset();
        assertThat(vector.isPending()).isFalse();
        vector.close();
        vector.close();
        vector.signal();
        assertThat(vm.gsiRouting().allocatedCount()).isZero();
    }

    @Test
    void noMessageThatAGuestWritesThrows() {
        Random random = new Random(5);
        MsiVector vector = new KvmMsiRouter(posix, vm).create("v");
        for (int i = 0; i < 2_000; i++) {
            switch (random.nextInt(6)) {
                case 0 -> vector.program(random.nextLong(), random.nextInt());
                case 1 -> vector.program(APIC_0 | random.nextInt(1 << 20), random.nextInt());
                case 2 -> vector.mask();
                case 3 -> vector.unmask();
                case 4 -> vector.signal();
                default -> vector.reset();
            }
        }
        vector.close();
    }

    @Test
    void doorbellIsBoundOnceAndCanBeBoundAgainElsewhere() {
        KvmDoorbells doorbells = new KvmDoorbells(vm);
        try (EventFd event = EventFd.create(posix)) {
            assertThat(doorbells.bind(0xC000_3000L, event)).isTrue();
            assertThat(doorbells.bind(0xC000_3000L, event)).isFalse();
            doorbells.unbind(0xC000_3000L, event);
            assertThat(doorbells.bind(0xC000_3000L, event)).isTrue();
            doorbells.unbind(0xC000_3000L, event);
            doorbells.unbind(0xC000_3000L, event);
        }
    }

    @Test
    void eventsOfPortsAndValuesAreTaken() {
        try (EventFd event = EventFd.create(posix)) {
            for (IoEvent one :
                    List.of(IoEvent.port(0x510, 1), IoEvent.port(0x512, 2, 7), IoEvent.mmio(0xC000_0000L, 4, 3))) {
                assertThat(vm.events().assign(one, event.number())).isZero();
                assertThat(vm.events().deassign(one, event.number())).isZero();
                assertThat(vm.events().deassign(one, event.number())).isEqualTo(-Errno.ENOENT);
            }
        }
    }
}
