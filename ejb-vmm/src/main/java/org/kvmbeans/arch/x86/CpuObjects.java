package org.kvmbeans.arch.x86;

import static org.kvmbeans.arch.x86.acpi.Aml.bits;
import static org.kvmbeans.arch.x86.acpi.Aml.buffer;
import static org.kvmbeans.arch.x86.acpi.Aml.device;
import static org.kvmbeans.arch.x86.acpi.Aml.field;
import static org.kvmbeans.arch.x86.acpi.Aml.integer;
import static org.kvmbeans.arch.x86.acpi.Aml.ioRegion;
import static org.kvmbeans.arch.x86.acpi.Aml.join;
import static org.kvmbeans.arch.x86.acpi.Aml.method;
import static org.kvmbeans.arch.x86.acpi.Aml.mutex;
import static org.kvmbeans.arch.x86.acpi.Aml.name;
import static org.kvmbeans.arch.x86.acpi.Aml.object;
import static org.kvmbeans.arch.x86.acpi.Aml.scope;
import static org.kvmbeans.arch.x86.acpi.Aml.serializedMethod;
import static org.kvmbeans.arch.x86.acpi.Aml.skipBits;
import static org.kvmbeans.arch.x86.acpi.Aml.string;
import static org.kvmbeans.arch.x86.acpi.AmlCode.acquire;
import static org.kvmbeans.arch.x86.acpi.AmlCode.argument;
import static org.kvmbeans.arch.x86.acpi.AmlCode.call;
import static org.kvmbeans.arch.x86.acpi.AmlCode.equal;
import static org.kvmbeans.arch.x86.acpi.AmlCode.local;
import static org.kvmbeans.arch.x86.acpi.AmlCode.loopWhile;
import static org.kvmbeans.arch.x86.acpi.AmlCode.not;
import static org.kvmbeans.arch.x86.acpi.AmlCode.notifyDevice;
import static org.kvmbeans.arch.x86.acpi.AmlCode.otherwise;
import static org.kvmbeans.arch.x86.acpi.AmlCode.release;
import static org.kvmbeans.arch.x86.acpi.AmlCode.returns;
import static org.kvmbeans.arch.x86.acpi.AmlCode.store;
import static org.kvmbeans.arch.x86.acpi.AmlCode.when;

import org.kvmbeans.arch.x86.acpi.AcpiTable;
import org.kvmbeans.arch.x86.acpi.Aml.Access;
import org.kvmbeans.arch.x86.acpi.Aml.Update;

/**
 * vCPUs as ACPI devices that can come and go (ACPI 6.5, 8.4), in a table of its own: it grows by some 100 bytes a vCPU.
 *
 * <p>The registers are those of {@code legacy.CpuHotplug}. A vCPU is selected first and then looked at, under a mutex: the
 * operating system may run methods of several vCPUs at once.
 */
final class CpuObjects {
    private static final int REVISION = 2;
    /** Present, enabled, shown, functioning (6.3.7). */
    private static final int STATUS_THERE = 0xF;

    private static final long NO_EVENT = 0xFFFF_FFFFL;

    private CpuObjects() {}

    /** The SSDT. */
    static byte[] table(PcConfiguration configuration) {
        CpuTopology topology = configuration.topology();
        byte[][] vcpus = new byte[topology.vcpuCount()][];
        byte[][] notifications = new byte[vcpus.length][];
        for (int index = 0; index < vcpus.length; index++) {
            vcpus[index] = vcpu(topology, index);
            notifications[index] = when(equal(argument(0), integer(index)), notifyDevice(vcpuName(index), argument(1)));
        }
        byte[] container = device(
                "CPUS",
                name("_HID", string("ACPI0010")),
                name("_UID", integer(0)),
                registers(),
                status(),
                eject(),
                join(vcpus),
                method("TELL", 2, notifications),
                scan());
        return new AcpiTable("SSDT", REVISION)
                .raw(scope("\\_SB", container))
                .raw(scope(
                        "\\_GPE",
                        method(String.format("_E%02X", PcLayout.CPU_HOTPLUG_GPE), 0, call("\\_SB.CPUS.SCAN"))))
                .toBytes();
    }

    private static byte[] vcpu(CpuTopology topology, int index) {
        byte[] object = join(
                name("_HID", string("ACPI0007")),
                name("_UID", integer(index)),
                method("_STA", 0, returns(call("STAT", integer(index)))),
                // It tells of a vCPU that is there: while it is not, _STA keeps anyone from asking.
                name("_MAT", buffer(Madt.localApic(topology, index, Madt.ENABLED))));
        // The first vCPU stays: firmware and kernels take it for granted.
        byte[] ejection = index == 0 ? join() : method("_EJ0", 1, call("EJCT", integer(index)));
        return device(vcpuName(index), object, ejection);
    }

    private static byte[] registers() {
        return join(
                mutex("MUTX"),
                ioRegion("HPRG", PcLayout.CPU_HOTPLUG_PORT, PcLayout.CPU_HOTPLUG_PORTS),
                field(
                        "HPRG",
                        Access.DWORD,
                        Update.PRESERVE,
                        bits("SELC", Integer.SIZE),
                        skipBits(Integer.SIZE),
                        bits("NEXT", Integer.SIZE)),
                field(
                        "HPRG",
                        Access.BYTE,
                        Update.WRITE_AS_ZEROS,
                        skipBits(Integer.SIZE),
                        bits("HERE", 1),
                        bits("CAME", 1),
                        bits("LEAV", 1),
                        bits("GONE", 1)));
    }

    private static byte[] status() {
        return method(
                "STAT",
                1,
                acquire("MUTX"),
                store(argument(0), object("SELC")),
                store(integer(0), local(0)),
                when(object("HERE"), store(integer(STATUS_THERE), local(0))),
                release("MUTX"),
                returns(local(0)));
    }

    private static byte[] eject() {
        return method(
                "EJCT",
                1,
                acquire("MUTX"),
                store(argument(0), object("SELC")),
                store(integer(1), object("GONE")),
                release("MUTX"));
    }

    /** Reading NEXT selects the next vCPU with news. What is told of is acknowledged first, so that nothing is lost. */
    private static byte[] scan() {
        return serializedMethod(
                "SCAN",
                0,
                acquire("MUTX"),
                store(object("NEXT"), local(0)),
                loopWhile(
                        not(equal(local(0), integer(NO_EVENT))),
                        when(
                                object("CAME"),
                                store(integer(1), object("CAME")),
                                call("TELL", local(0), integer(PciHotplugObjects.DEVICE_CHECK))),
                        otherwise(
                                store(integer(1), object("LEAV")),
                                call("TELL", local(0), integer(PciHotplugObjects.EJECT_REQUEST))),
                        store(object("NEXT"), local(0))),
                release("MUTX"));
    }

    private static String vcpuName(int index) {
        return String.format("C%03X", index);
    }
}
