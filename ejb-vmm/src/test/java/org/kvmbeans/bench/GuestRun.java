package org.kvmbeans.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.kvmbeans.machine.MachineServices;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.VmState;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinitionReader;
import org.kvmbeans.stream.OutputChunk;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * Runs one VM until its guest powers off and prints its console, as {@code ear/scripts/qemu-disk-guest} does with QEMU.
 * Also tells the milliseconds from {@code start()} until the guest says that it reached multi-user.
 */
final class GuestRun {
    private static final String READY = "kvmbeans-guest: multi-user reached";
    private static final int CHUNK_BYTES = 65_536;
    private static final long WAIT_MILLIS = 50;
    private static final long LIMIT_SECONDS = 900;

    private final VirtualMachine vm;
    private final StringBuilder heard = new StringBuilder();
    private long position;

    private GuestRun(VirtualMachine vm) {
        this.vm = vm;
    }

    /** Argument: the file with the VM's definition. */
    public static void main(String[] arguments) throws IOException {
        String json = Files.readString(Path.of(arguments[0]));
        try (MachineServices services = new MachineServices(new JnaPosix())) {
            VirtualMachine vm =
                    new VirtualMachine(VmDefinitionReader.readNew(json, DefinitionLimits.ANY_HOST), services);
            new GuestRun(vm).run();
            vm.hostShutdown();
        }
    }

    private void run() {
        long started = System.nanoTime();
        vm.start();
        boolean ready = false;
        while (vm.state() == VmState.RUNNING) {
            listen();
            if (!ready && heard.indexOf(READY) >= 0) {
                ready = true;
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
                System.out.printf("%nkvmbeans-result: {\"job\":\"boot\",\"millis\":%d}%n", millis);
                vm.vcpus().forEach(vcpu -> System.out.printf("%nexits: %s%n", vcpu.exitTotals()));
            }
            if (System.nanoTime() - started > TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) {
                throw new IllegalStateException("the guest did not power off within " + LIMIT_SECONDS + " s");
            }
        }
        listen();
    }

    private void listen() {
        OutputChunk chunk = vm.serial().readFrom(position, CHUNK_BYTES, WAIT_MILLIS);
        position = chunk.endPosition();
        String text = new String(chunk.data(), StandardCharsets.ISO_8859_1);
        heard.append(text);
        System.out.print(text);
    }
}
