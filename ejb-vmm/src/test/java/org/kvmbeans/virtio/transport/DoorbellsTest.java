package org.kvmbeans.virtio.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.bus.pci.PciRegister;
import org.kvmbeans.sys.EventFd;

/** Doorbells in the kernel follow the BAR and the life of the device. */
class DoorbellsTest {
    private final TransportFixture pci = TransportFixture.withKernel();

    @AfterEach
    void close() {
        pci.close();
        assertThat(pci.doorbells).isEmpty();
    }

    private EventFd kick(int queue) {
        return Objects.requireNonNull(pci.device.context().queue(queue)).kick();
    }

    @Test
    void everyEnabledQueueHasItsOwnFromDriverOkToReset() {
        assertThat(pci.doorbells).isEmpty();
        pci.start();
        long notify = pci.bar0() + TransportFixture.NOTIFY;
        assertThat(pci.doorbells)
                .containsOnlyKeys(notify, notify + 4)
                .containsEntry(notify, kick(0))
                .containsEntry(notify + 4, kick(1));
        assertThat(pci.function.status().queues().get(0).kernelDoorbell()).isTrue();
        assertThat(pci.function.status().queues().get(2).kernelDoorbell()).isFalse();
        pci.setStatus(0);
        assertThat(pci.doorbells).isEmpty();
    }

    @Test
    void theyMoveWithTheBar() {
        pci.start();
        long moved = TransportFixture.WINDOW + 0x10_0000;
        pci.writeConfig(PciRegister.BAR_0, 4, moved);
        assertThat(pci.doorbells)
                .containsOnlyKeys(moved + TransportFixture.NOTIFY, moved + TransportFixture.NOTIFY + 4);
    }

    @Test
    void theyAreGoneWhileTheBarIsNotDecoded() {
        pci.start();
        pci.writeConfig(PciRegister.COMMAND, 2, 0);
        assertThat(pci.doorbells).isEmpty();
        pci.writeConfig(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        assertThat(pci.doorbells).hasSize(2);
    }

    @Test
    void writeThatArrivesDuringAMoveReachesTheQueueAnyway() {
        pci.start();
        pci.write(TransportFixture.NOTIFY, 4, 0);
        assertThat(kick(0).take()).isEqualTo(1);
    }

    @Test
    void unpluggedFunctionHasNone() {
        pci.start();
        pci.bridge.unplug(TransportFixture.SLOT);
        assertThat(pci.doorbells).isEmpty();
        pci.function.close();
    }
}
