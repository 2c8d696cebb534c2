package org.kvmbeans.bench;

import java.util.concurrent.TimeUnit;
import org.kvmbeans.machine.GuestConsole;
import org.kvmbeans.machine.MachineServices;
import org.kvmbeans.machine.StockGuest;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.sys.jna.JnaPosix;

/** Prints the milliseconds from {@code start()} to the init of the stock guest, a line a boot. */
public final class BootBench {
    private static final long BOOT_SECONDS = 120;

    private BootBench() {}

    /** Arguments: number of boots, kernel file name, vCPUs, command line. */
    public static void main(String[] arguments) {
        int boots = Integer.parseInt(arguments[0]);
        try (MachineServices services = new MachineServices(new JnaPosix())) {
            for (int i = 0; i < boots; i++) {
                System.out.println(boot(services, arguments[1], Integer.parseInt(arguments[2]), arguments[3]));
            }
        }
    }

    private static long boot(MachineServices services, String kernel, int vcpus, String cmdline) {
        VirtualMachine vm = new VirtualMachine(StockGuest.definition(kernel, vcpus, cmdline), services);
        GuestConsole console = new GuestConsole(vm);
        long started = System.nanoTime();
        vm.start();
        console.await(StockGuest.INIT_REACHED, BOOT_SECONDS);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
        vm.hostShutdown();
        return millis;
    }
}
