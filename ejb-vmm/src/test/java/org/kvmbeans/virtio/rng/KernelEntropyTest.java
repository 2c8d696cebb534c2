package org.kvmbeans.virtio.rng;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.jna.JnaPosix;

/** Rules of entropy from the host's kernel. */
class KernelEntropyTest {
    private final JnaPosix posix = new JnaPosix();

    @Test
    void fillsEverySegmentAndNothingElse() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", 1 << 20)) {
            IoVector target = new IoVector(posix, 2);
            memory.addTo(target, 0x1000, 64);
            memory.addTo(target, 0x3000, 32_768);

            assertThat(new KernelEntropy(posix).fill(target)).isEqualTo(64 + 32_768);

            assertThat(distinct(memory, 0x1000, 64)).hasSizeGreaterThan(20);
            assertThat(distinct(memory, 0x3000 + 32_768 - 64, 64)).hasSizeGreaterThan(20);
            assertThat(distinct(memory, 0x1040, 0x3000 - 0x1040)).containsExactly((byte) 0);
            assertThat(distinct(memory, 0x3000 + 32_768, 4096)).containsExactly((byte) 0);
        }
    }

    private static Set<Byte> distinct(GuestMemory memory, long gpa, int length) {
        Set<Byte> values = new HashSet<>();
        for (int i = 0; i < length; i++) {
            values.add(memory.getByte(gpa + i));
        }
        return values;
    }
}
