package org.kvmbeans.machine;

import java.time.Clock;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.InterruptLine;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.legacy.AcpiPm;
import org.kvmbeans.legacy.CmosRtc;
import org.kvmbeans.legacy.DebugExit;
import org.kvmbeans.legacy.I8042;
import org.kvmbeans.legacy.PostCode;
import org.kvmbeans.legacy.ResetControl;
import org.kvmbeans.legacy.Serial16550;
import org.kvmbeans.legacy.SystemControlPortA;
import org.kvmbeans.machine.definition.VmDefinition;

/** The devices of a PC's board for one power cycle, on their ports. */
final class PcDevices implements AutoCloseable {
    private static final int POST_PORT = 0x80;
    private static final int SYSTEM_CONTROL_A_PORT = 0x92;

    private final AcpiPm acpi;
    private final CmosRtc rtc;
    private final BusDevice resetControl;

    /**
     * Puts the devices on the bus.
     *
     * @param com1 outlives the power cycle; its interrupt line is the caller's to connect
     * @param raise what a guest's write to a power, reset or test port leads to
     */
    PcDevices(
            VmDefinition definition,
            MachineServices services,
            KvmVm vm,
            AddressBus ports,
            Serial16550 com1,
            IntConsumer debugExit,
            Consumer<GuestEvent.Kind> raise) {
        Runnable reset = () -> raise.accept(GuestEvent.Kind.RESET);
        acpi = new AcpiPm(line(vm, PcLayout.SCI_IRQ), System::nanoTime, () -> raise.accept(GuestEvent.Kind.POWER_OFF));
        rtc = new CmosRtc(
                Clock.systemUTC(),
                services.timers(),
                line(vm, PcLayout.RTC_IRQ),
                PcLayout.ramBelowHole(definition.memoryBytes()),
                PcLayout.ramAbove4Gib(definition.memoryBytes()));
        I8042 keyboard = new I8042(line(vm, PcLayout.I8042_KEYBOARD_IRQ), reset);

        ports.add("com1", PcLayout.COM1_PORT, Serial16550.REGISTER_COUNT, com1);
        ports.add("rtc", PcLayout.RTC_PORT, CmosRtc.REGISTER_COUNT, rtc);
        ports.add("i8042 data", PcLayout.I8042_DATA_PORT, I8042.REGISTER_COUNT, keyboard.dataPort());
        ports.add("i8042 command", PcLayout.I8042_COMMAND_PORT, I8042.REGISTER_COUNT, keyboard.commandPort());
        ports.add("post", POST_PORT, PostCode.REGISTER_COUNT, new PostCode());
        ports.add(
                "system control a",
                SYSTEM_CONTROL_A_PORT,
                SystemControlPortA.REGISTER_COUNT,
                new SystemControlPortA(reset));
        // It answers within the ports of PCI configuration.
        resetControl = new ResetControl(reset);
        ports.add("acpi", PcLayout.PM1A_EVENT_PORT, AcpiPm.REGISTER_COUNT, acpi);
        if (definition.debugExit()) {
            ports.add("debug exit", PcLayout.DEBUG_EXIT_PORT, DebugExit.REGISTER_COUNT, new DebugExit(debugExit));
        }
    }

    static InterruptLine line(KvmVm vm, int gsi) {
        return vm.irqLine(gsi)::set;
    }

    /** The device at {@link PcLayout#RESET_PORT}. */
    BusDevice resetControl() {
        return resetControl;
    }

    AcpiPm acpi() {
        return acpi;
    }

    void pressPowerButton() {
        acpi.pressPowerButton();
    }

    @Override
    public void close() {
        rtc.close();
    }
}
