package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PciHotplugTest {
    private static final int ADDED = PciHotplug.ADDED_OFFSET;
    private static final int REMOVAL = PciHotplug.REMOVAL_OFFSET;
    private static final int EJECT = PciHotplug.EJECT_OFFSET;

    private final List<Integer> ejected = new ArrayList<>();
    private int events;
    private final PciHotplug hotplug = new PciHotplug(() -> events++, ejected::add);

    @Test
    void newsStayUntilTheGuestHasTakenThem() {
        hotplug.notifyAdded(3);
        hotplug.notifyAdded(31);
        hotplug.requestRemoval(4);

        assertThat(events).isEqualTo(3);
        assertThat(hotplug.read(ADDED, 4)).isEqualTo(0x8000_0008L);
        assertThat(hotplug.read(ADDED, 4)).isEqualTo(0x8000_0008L);
        assertThat(hotplug.read(REMOVAL, 4)).isEqualTo(0x10);
        hotplug.write(ADDED, 4, 0x8);
        assertThat(hotplug.read(ADDED, 4)).isEqualTo(0x8000_0000L);
        assertThat(hotplug.read(REMOVAL, 4)).isEqualTo(0x10);
        hotplug.write(REMOVAL, 4, 0xFFFF_FFFFL);
        assertThat(hotplug.read(REMOVAL, 4)).isZero();
        assertThat(ejected).isEmpty();
    }

    @Test
    void ejectionTellsEachSlotAndForgetsItsNews() {
        hotplug.notifyAdded(2);
        hotplug.requestRemoval(5);
        hotplug.write(EJECT, 4, 1 << 2 | 1 << 5);

        assertThat(ejected).containsExactly(2, 5);
        assertThat(hotplug.read(ADDED, 4)).isZero();
        assertThat(hotplug.read(REMOVAL, 4)).isZero();
        assertThat(hotplug.read(EJECT, 4)).isZero();
    }

    @Test
    void theHostBridgeStays() {
        hotplug.write(EJECT, 4, 1);
        assertThat(ejected).isEmpty();
        assertThatThrownBy(() -> hotplug.notifyAdded(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> hotplug.requestRemoval(32)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void removalCanBeAskedForAgain() {
        hotplug.requestRemoval(7);
        hotplug.write(REMOVAL, 4, 1 << 7);
        hotplug.requestRemoval(7);

        assertThat(events).isEqualTo(2);
        assertThat(hotplug.read(REMOVAL, 4)).isEqualTo(1 << 7);
    }

    @Test
    void aNewDeviceIsNotAskedToLeave() {
        hotplug.requestRemoval(7);
        hotplug.notifyAdded(7);
        assertThat(hotplug.read(REMOVAL, 4)).isZero();
    }

    @Test
    void theEventIsRaisedWhenTheRegistersTellOfIt() {
        List<Long> seen = new ArrayList<>();
        PciHotplug[] device = new PciHotplug[1];
        device[0] = new PciHotplug(() -> seen.add(device[0].read(ADDED, 4)), slot -> {});
        device[0].notifyAdded(1);
        assertThat(seen).containsExactly(2L);
    }

    @Test
    void otherAccessesMeanNothing() {
        hotplug.notifyAdded(3);
        hotplug.write(ADDED, 1, 0xFF);
        hotplug.write(ADDED, 8, -1);
        hotplug.write(EJECT, 2, 0xFFFF);
        hotplug.write(EJECT - 1, 4, 0xFFFF_FFFFL);

        assertThat(hotplug.read(ADDED, 1)).isZero();
        assertThat(hotplug.read(ADDED + 1, 4)).isZero();
        assertThat(hotplug.read(ADDED, 4)).isEqualTo(8);
        assertThat(ejected).isEmpty();
    }

    @Test
    void survivesAnyPattern() {
        Random random = new Random(3);
        for (int i = 0; i < 100_000; i++) {
            int size = 1 << random.nextInt(4);
            int offset = random.nextInt(PciHotplug.REGISTER_COUNT - size + 1);
            hotplug.write(offset, size, random.nextLong() & (-1L >>> (64 - 8 * size)));
            assertThat(hotplug.read(offset, size)).isBetween(0L, 0xFFFF_FFFFL);
            if (i % 100 == 0) {
                hotplug.notifyAdded(1 + random.nextInt(31));
                hotplug.requestRemoval(1 + random.nextInt(31));
            }
        }
        assertThat(ejected).isNotEmpty().allSatisfy(slot -> assertThat(slot).isBetween(1, 31));
    }
}
