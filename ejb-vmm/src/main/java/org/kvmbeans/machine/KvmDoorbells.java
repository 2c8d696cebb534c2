package org.kvmbeans.machine;

import org.kvmbeans.kvm.IoEvent;
import org.kvmbeans.kvm.KvmEvents;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.virtio.transport.Doorbells;

/** Doorbells by KVM_IOEVENTFD. */
public final class KvmDoorbells implements Doorbells {
    private final KvmEvents events;

    public KvmDoorbells(KvmVm vm) {
        this.events = vm.events();
    }

    @Override
    public boolean bind(long gpa, EventFd target) {
        return events.assign(IoEvent.mmio(gpa), target.number()) >= 0;
    }

    @Override
    public void unbind(long gpa, EventFd target) {
        events.deassign(IoEvent.mmio(gpa), target.number());
    }
}
