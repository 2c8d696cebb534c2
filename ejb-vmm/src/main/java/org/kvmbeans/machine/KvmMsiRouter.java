package org.kvmbeans.machine;

import org.kvmbeans.bus.pci.MsiRouter;
import org.kvmbeans.bus.pci.MsiVector;
import org.kvmbeans.kvm.GsiRouting;
import org.kvmbeans.kvm.KvmEvents;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.sys.Posix;

/** Message-signalled interrupts by KVM_IRQFD and the VM's routes. Made when the VM has its in-kernel interrupt controllers. */
public final class KvmMsiRouter implements MsiRouter {
    private final Posix posix;
    private final KvmEvents events;
    private final GsiRouting routing;

    /** @param vm its 32-bit APIC ids have been enabled already, where it is to have them */
    public KvmMsiRouter(Posix posix, KvmVm vm) {
        this.posix = posix;
        this.events = vm.events();
        this.routing = vm.gsiRouting();
    }

    @Override
    public MsiVector create(String name) {
        return new KvmMsiVector(this, name);
    }

    Posix posix() {
        return posix;
    }

    KvmEvents events() {
        return events;
    }

    GsiRouting routing() {
        return routing;
    }
}
