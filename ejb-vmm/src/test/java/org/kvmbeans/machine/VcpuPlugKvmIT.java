package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** vCPUs that a bare-metal guest gives back. */
class VcpuPlugKvmIT {
    @Test
    void vcpuThatIsWantedAgainBeforeTheGuestGaveItBackComesBack() {
        try (TestVm test = TestVm.withVcpus("cpuplug", 2)) {
            RecordedParts parts = new RecordedParts();
            test.vm().addListener(parts);
            test.start().awaitOutput("waiting");
            test.vm().changeVcpuCount(1);
            test.vm().changeVcpuCount(2);
            assertThat(parts.events()).isEmpty();

            test.type("go");
            test.awaitEnd();

            assertThat(test.vm().debugExitStatus()).isEqualTo(TestVm.GOOD);
            assertThat(parts.events()).containsExactly("-vcpu1", "+vcpu1");
            assertThat(test.vm().vcpus()).extracting(Vcpu::id).containsExactly(0, 1);
        }
    }
}
