package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CpuHotplugTest {
    private static final int SELECT = CpuHotplug.SELECT_OFFSET;
    private static final int FLAGS = CpuHotplug.FLAGS_OFFSET;
    private static final int NEXT = CpuHotplug.NEXT_OFFSET;
    private static final long NONE = 0xFFFF_FFFFL;

    private final List<Integer> ejected = new ArrayList<>();
    private int events;
    private final CpuHotplug hotplug = new CpuHotplug(4, Set.of(0, 1), () -> events++, ejected::add);

    @Test
    void tellsWhichVcpusAreThere() {
        assertThat(flags(0)).isEqualTo(CpuHotplug.PRESENT);
        assertThat(flags(1)).isEqualTo(CpuHotplug.PRESENT);
        assertThat(flags(2)).isZero();
        assertThat(flags(4)).isZero();
        assertThat(flags(NONE)).isZero();
        assertThat(hotplug.read(NEXT, 4)).isEqualTo(NONE);
    }

    @Test
    void aVcpuThatComesIsFoundAndAcknowledged() {
        hotplug.notifyAdded(3);

        assertThat(events).isEqualTo(1);
        assertThat(hotplug.read(NEXT, 4)).isEqualTo(3);
        assertThat(hotplug.read(SELECT, 4)).isEqualTo(3);
        assertThat(hotplug.read(FLAGS, 1)).isEqualTo(CpuHotplug.PRESENT | CpuHotplug.ADDED);
        hotplug.write(FLAGS, 1, CpuHotplug.ADDED);
        assertThat(hotplug.read(FLAGS, 1)).isEqualTo(CpuHotplug.PRESENT);
        assertThat(hotplug.read(NEXT, 4)).isEqualTo(NONE);
        assertThat(hotplug.isPresent(3)).isTrue();
    }

    @Test
    void aVcpuThatIsToGoStaysUntilTheGuestEjectsIt() {
        hotplug.requestRemoval(1);

        assertThat(hotplug.read(NEXT, 4)).isEqualTo(1);
        assertThat(hotplug.read(FLAGS, 1)).isEqualTo(CpuHotplug.PRESENT | CpuHotplug.REMOVAL);
        hotplug.write(FLAGS, 1, CpuHotplug.REMOVAL);
        assertThat(flags(1)).isEqualTo(CpuHotplug.PRESENT);
        assertThat(ejected).isEmpty();
        hotplug.write(FLAGS, 1, CpuHotplug.EJECT);
        assertThat(flags(1)).isZero();
        assertThat(ejected).containsExactly(1);
        assertThat(hotplug.isPresent(1)).isFalse();
    }

    @Test
    void eventsComeInOrderOfTheirVcpus() {
        hotplug.notifyAdded(3);
        hotplug.notifyAdded(2);
        hotplug.requestRemoval(1);

        List<Long> order = new ArrayList<>();
        for (long next = hotplug.read(NEXT, 4); next != NONE; next = hotplug.read(NEXT, 4)) {
            order.add(next);
            hotplug.write(FLAGS, 1, CpuHotplug.ADDED | CpuHotplug.REMOVAL);
        }
        assertThat(order).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aVcpuIsEjectedOnceAndTheFirstNever() {
        hotplug.write(SELECT, 4, 1);
        hotplug.write(FLAGS, 1, CpuHotplug.EJECT);
        hotplug.write(FLAGS, 1, CpuHotplug.EJECT);
        hotplug.write(SELECT, 4, 2);
        hotplug.write(FLAGS, 1, CpuHotplug.EJECT);
        hotplug.write(SELECT, 4, 0);
        hotplug.write(FLAGS, 1, CpuHotplug.EJECT);

        assertThat(ejected).containsExactly(1);
        assertThat(flags(0)).isEqualTo(CpuHotplug.PRESENT);
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> hotplug.notifyAdded(4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> hotplug.requestRemoval(0)).hasMessageContaining("cannot be removed");
        assertThatThrownBy(() -> hotplug.requestRemoval(2)).hasMessageContaining("is not there");
        assertThatThrownBy(() -> new CpuHotplug(2, Set.of(2), () -> {}, i -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(events).isZero();
    }

    @Test
    void otherAccessesMeanNothing() {
        hotplug.write(SELECT, 4, 1);
        hotplug.write(SELECT, 1, 2);
        hotplug.write(FLAGS, 4, CpuHotplug.EJECT);
        hotplug.write(FLAGS + 1, 1, CpuHotplug.EJECT);
        hotplug.write(NEXT, 4, 3);

        assertThat(hotplug.read(SELECT, 4)).isEqualTo(1);
        assertThat(hotplug.read(FLAGS, 4)).isZero();
        assertThat(hotplug.read(SELECT, 8)).isZero();
        assertThat(ejected).isEmpty();
    }

    @Test
    void survivesAnyPattern() {
        Random random = new Random(5);
        for (int i = 0; i < 100_000; i++) {
            int size = 1 << random.nextInt(4);
            int offset = random.nextInt(CpuHotplug.REGISTER_COUNT - size + 1);
            long value = random.nextBoolean() ? random.nextInt(6) : random.nextLong();
            hotplug.write(offset, size, value & (-1L >>> (64 - 8 * size)));
            assertThat(hotplug.read(offset, size)).isBetween(0L, NONE);
            if (i % 100 == 0) {
                hotplug.notifyAdded(random.nextInt(4));
            }
        }
        assertThat(ejected).isNotEmpty().allSatisfy(index -> assertThat(index).isBetween(1, 3));
    }

    private long flags(long index) {
        hotplug.write(SELECT, 4, index);
        return hotplug.read(FLAGS, 1);
    }
}
