package org.kvmbeans.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AddressBusTest {
    private final AddressBus bus = new AddressBus();
    private final List<String> accesses = new ArrayList<>();

    private BusDevice device(String name, long answer) {
        return new BusDevice() {
            @Override
            public long read(long offset, int size) {
                accesses.add("%s read %d/%d".formatted(name, offset, size));
                return answer;
            }

            @Override
            public void write(long offset, int size, long value) {
                accesses.add("%s write %d/%d %x".formatted(name, offset, size, value));
            }
        };
    }

    @Test
    void deviceSeesTheOffsetFromItsBase() {
        bus.add("a", 0x3F8, 8, device("a", 0x42));

        assertThat(bus.read(0x3FD, 1)).isEqualTo(0x42);
        bus.write(0x3F8, 2, 0xABCD);

        assertThat(accesses).containsExactly("a read 5/1", "a write 0/2 abcd");
    }

    @Test
    void valueAboveTheSizeIsCutOff() {
        bus.add("a", 0, 8, device("a", 0));
        bus.write(0, 1, 0x1234);
        assertThat(accesses).containsExactly("a write 0/1 34");
    }

    @Test
    void eachAddressFindsItsDeviceAmongMany() {
        for (int i = 99; i >= 0; i--) {
            bus.add("d" + i, 0x1000L * i, 0x800, device("d" + i, i));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(bus.read(0x1000L * i, 1)).isEqualTo(i);
            assertThat(bus.read(0x1000L * i + 0x7FF, 1)).isEqualTo(i);
            assertThat(bus.read(0x1000L * i + 0x800, 1)).isEqualTo(0xFF);
        }
    }

    @Test
    void refusesOverlapNamingBothRanges() {
        bus.add("com1", 0x3F8, 8, device("com1", 0));
        assertThatThrownBy(() -> bus.add("rtc", 0x3FF, 2, device("rtc", 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rtc (0x3ff-0x400)")
                .hasMessageContaining("com1 (0x3f8-0x3ff)");
        assertThat(bus.read(0x400, 1)).isEqualTo(0xFF);
        bus.add("next", 0x400, 1, device("next", 7));
        assertThat(bus.read(0x400, 1)).isEqualTo(7);
    }

    @Test
    void refusesARangeAroundAnother() {
        bus.add("inner", 0x100, 1, device("inner", 0));
        assertThatThrownBy(() -> bus.add("outer", 0, 0x1000, device("outer", 0)))
                .hasMessageContaining("outer")
                .hasMessageContaining("inner");
    }

    @Test
    void refusesEmptyNegativeAndWrappingRanges() {
        BusDevice device = device("x", 0);
        for (long[] range : new long[][] {{0, 0}, {0, -1}, {-1, 1}, {Long.MAX_VALUE, 2}, {1, Long.MAX_VALUE + 1}}) {
            assertThatThrownBy(() -> bus.add("x", range[0], range[1], device))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bus range x");
        }
        bus.add("last", Long.MAX_VALUE, 1, device);
        assertThat(bus.read(Long.MAX_VALUE, 1)).isZero();
    }

    @Test
    void unclaimedReadsAreAllOnesAndCounted() {
        assertThat(bus.read(0, 1)).isEqualTo(0xFF);
        assertThat(bus.read(0x80, 2)).isEqualTo(0xFFFF);
        assertThat(bus.read(0x80, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(bus.read(-8, 8)).isEqualTo(-1);
        assertThat(bus.unclaimedReads()).isEqualTo(4);
        assertThat(bus.unclaimedWrites()).isZero();
    }

    @Test
    void unclaimedWritesAreIgnoredAndCounted() {
        bus.write(1, 4, 5);
        assertThat(bus.unclaimedWrites()).isEqualTo(1);
        assertThat(bus.unclaimedReads()).isZero();
    }

    @Test
    void accessAcrossTheEndReachesTheDeviceOnlyInsideItsRange() {
        bus.add("a", 0x10, 2, device("a", 0x11));
        bus.add("b", 0x12, 2, device("b", 0x22));

        assertThat(bus.read(0x11, 4)).isEqualTo(0xFFFF_FF11L);
        bus.write(0x11, 4, 0x44332211);

        assertThat(accesses).containsExactly("a read 1/1", "a write 1/1 11");
        assertThat(bus.unclaimedReads()).isEqualTo(1);
        assertThat(bus.unclaimedWrites()).isEqualTo(1);
    }

    @Test
    void accessThatBeginsOutsideIsUnclaimed() {
        bus.add("cf9", 0xCF9, 1, device("cf9", 0));
        bus.write(0xCF8, 4, 0x80000600L);
        assertThat(accesses).isEmpty();
    }

    @Test
    void oddSizesComeAsBytes() {
        bus.add("a", 0, 16, device("a", 0x5A));
        assertThat(bus.read(1, 3)).isEqualTo(0x5A5A5A);
        bus.write(0, 3, 0x030201);
        assertThat(accesses)
                .containsExactly(
                        "a read 1/1", "a read 2/1", "a read 3/1", "a write 0/1 1", "a write 1/1 2", "a write 2/1 3");
        assertThat(bus.unclaimedReads()).isZero();
    }

    @Test
    void refusesSizesNoProcessorHas() {
        bus.add("a", 0, 16, device("a", 0));
        for (int size : new int[] {-1, 0, 9, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> bus.read(0, size)).hasMessageContaining("want 1 to 8");
            assertThatThrownBy(() -> bus.write(100, size, 0)).hasMessageContaining("want 1 to 8");
        }
    }

    @Test
    void rangeAddedLaterIsSeen() {
        bus.add("a", 0, 1, device("a", 1));
        assertThat(bus.read(0, 1)).isEqualTo(1);
        bus.add("b", 1, 1, device("b", 2));
        assertThat(bus.read(1, 1)).isEqualTo(2);
        assertThat(bus.read(0, 1)).isEqualTo(1);
    }

    @Test
    void removedRangeIsNotReachedThoughItWasHitLast() {
        BusDevice first = device("a", 1);
        bus.add("a", 0, 4, first);
        bus.add("b", 4, 4, device("b", 2));
        assertThat(bus.read(0, 1)).isEqualTo(1);

        assertThat(bus.remove(0, first)).isTrue();

        assertThat(bus.read(0, 1)).isEqualTo(0xFF);
        assertThat(bus.read(4, 1)).isEqualTo(2);
        bus.add("c", 0, 4, device("c", 3));
        assertThat(bus.read(0, 1)).isEqualTo(3);
    }

    @Test
    void onlyItsDeviceGivesARangeUp() {
        BusDevice owner = device("a", 1);
        bus.add("a", 0x10, 4, owner);
        assertThat(bus.remove(0x10, device("other", 0))).isFalse();
        assertThat(bus.remove(0x11, owner)).isFalse();
        assertThat(bus.read(0x10, 1)).isEqualTo(1);
        assertThat(bus.remove(0x10, owner)).isTrue();
        assertThat(bus.remove(0x10, owner)).isFalse();
    }

    @Test
    void rangeThatAGuestPlacesIsRefusedByNameOfWhatIsInTheWay() {
        bus.add("ioapic", 0x100, 0x10, device("ioapic", 0));
        assertThat(bus.tryAdd("bar", 0x108, 0x10, device("bar", 0))).isEqualTo("ioapic (0x100-0x10f)");
        assertThat(bus.tryAdd("bar", 0x110, 0x10, device("bar", 5))).isNull();
        assertThat(bus.read(0x110, 1)).isEqualTo(5);
    }

    @Test
    void busIsADeviceOfAnotherBus() {
        AddressBus registers = new AddressBus();
        registers.add("inner", 8, 8, device("inner", 7));
        bus.add("outer", 0x1000, 0x100, registers);
        assertThat(bus.read(0x100C, 4)).isEqualTo(7);
        assertThat(bus.read(0x1000, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(accesses).containsExactly("inner read 4/4");
    }

    @Test
    void byteDeviceSeesWideAccessAsBytesLowestFirst() {
        int[] registers = {0x11, 0x22, 0x33, 0x44};
        bus.add("bytes", 0x70, 4, new ByteBusDevice() {
            @Override
            public int readByte(int offset) {
                return registers[offset];
            }

            @Override
            public void writeByte(int offset, int value) {
                registers[offset] = value;
            }
        });
        assertThat(bus.read(0x70, 4)).isEqualTo(0x44332211);
        bus.write(0x71, 2, 0xBBAA);
        assertThat(registers).containsExactly(0x11, 0xAA, 0xBB, 0x44);
    }
}
