package org.kvmbeans.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.spi.QueueCounters;

/** Control requests and packet headers of any bytes: the same ones in every run. */
class NetFuzzTest {
    private static final int ROUNDS = 200_000;
    private static final int MAX_PAIRS = 4;

    /** A control request, which does what it says or nothing, and no exception but the two of a request cut short. */
    static void control(byte[] input) {
        if (input.length < 2) {
            return;
        }
        long features = NetFeatures.CTRL_RX
                | NetFeatures.CTRL_MAC_ADDR
                | NetFeatures.MQ
                | NetFeatures.GUEST_ANNOUNCE
                | NetFeatures.CTRL_GUEST_OFFLOADS
                | NetFeatures.GUEST_CSUM;
        new ControlQueue(features, new QueueCounters(), new Checked())
                .execute(ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** A header: what is accepted has its offsets inside the packet. */
    static void header(byte[] input) {
        byte[] header = Arrays.copyOf(input, NetHeader.BYTES);
        int frameBytes = NetHeader.ETHERNET_BYTES + (input.length > 0 ? (input[0] & 0xFF) * 257 : 0);
        if (NetHeader.isSendable(header, frameBytes, NetFeatures.HOST_OFFLOADS)) {
            ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
            if ((fields.get(0) & 1) != 0) {
                assertThat((fields.getShort(6) & 0xFFFF) + (fields.getShort(8) & 0xFFFF) + 2)
                        .isLessThanOrEqualTo(frameBytes);
            }
            if (fields.get(1) != 0) {
                assertThat(fields.getShort(2) & 0xFFFF).isLessThanOrEqualTo(frameBytes);
                assertThat(fields.getShort(4) & 0xFFFF).isBetween(1, frameBytes);
            }
        }
    }

    private static final class Checked implements ControlQueue.Actions {
        @Override
        public boolean setMac(long value) {
            assertThat(value >>> 48).isZero();
            return true;
        }

        @Override
        public boolean activatePairs(int count) {
            assertThat(count).isBetween(0, 0xFFFF);
            return count >= 1 && count <= MAX_PAIRS;
        }

        @Override
        public boolean setGuestOffloads(long features) {
            assertThat(features & ~NetFeatures.GUEST_CSUM).isZero();
            return true;
        }

        @Override
        public boolean announced() {
            return true;
        }
    }

    @Test
    void controlRequestsOfAnyBytes() {
        Random random = new Random(42);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] input = new byte[random.nextInt(40)];
            random.nextBytes(input);
            if (input.length > 1) {
                input[0] = (byte) random.nextInt(7);
                input[1] = (byte) random.nextInt(3);
            }
            if (input.length > 6 && random.nextBoolean()) {
                Arrays.fill(input, 2, 6, (byte) 0);
                input[2] = (byte) random.nextInt(4);
            }
            control(input);
        }
    }

    @Test
    void headersOfAnyBytes() {
        Random random = new Random(42);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] input = new byte[NetHeader.BYTES];
            random.nextBytes(input);
            input[1] = (byte) (random.nextInt(6) | (random.nextInt(4) == 0 ? 0x80 : 0));
            for (int high = 3; high < NetHeader.BYTES; high += 2) {
                input[high] &= (byte) random.nextInt(256);
            }
            header(input);
        }
    }
}
