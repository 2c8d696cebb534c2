package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Start of the other CPUs by INIT and start-up interrupts through the local APIC in the kernel. */
class SmpKvmIT {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8, 200, 255, 256, 257, 270})
    void guestStartsEveryCpuWithAnApicIdOfItsOwn(int vcpus) {
        try (TestVm test = TestVm.withVcpus("smp", vcpus).start()) {
            test.awaitEnd();
            assertThat(test.vm().debugExitStatus())
                    .as("%s %s", test.vm().stopReason(), test.vm().lastError())
                    .isEqualTo(TestVm.GOOD);
        }
    }

    @Test
    void everyCpuStartsAgainAfterTheGuestHasEnded() {
        try (TestVm test = TestVm.withVcpus("smp", 4)) {
            for (int round = 0; round < 5; round++) {
                test.start();
                test.awaitEnd();
                assertThat(test.vm().debugExitStatus()).isEqualTo(TestVm.GOOD);
            }
        }
    }
}
