package org.kvmbeans.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Headers, addresses and options of NICs. */
class NetHeaderTest {
    private static final long ALL = NetFeatures.HOST_OFFLOADS;

    private static byte[] header(int... bytes) {
        byte[] header = new byte[NetHeader.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            header[i] = (byte) bytes[i];
        }
        return header;
    }

    @Test
    void acceptsWhatADriverMaySend() {
        assertThat(NetHeader.isSendable(header(), 60, 0)).isTrue();
        assertThat(NetHeader.isSendable(header(1, 0, 0, 0, 0, 0, 34, 0, 6), 42, ALL))
                .isTrue();
        assertThat(NetHeader.isSendable(header(1, 1, 54, 0, 0xB4, 5, 34, 0, 16), 9000, ALL))
                .isTrue();
        assertThat(NetHeader.isSendable(header(1, 0x81, 54, 0, 0xB4, 5, 34, 0, 16), 9000, ALL))
                .isTrue();
        assertThat(NetHeader.isSendable(header(1, 4, 74, 0, 0xB4, 5, 54, 0, 16), 9000, ALL))
                .isTrue();
    }

    @Test
    void refusesChecksumsBeyondThePacket() {
        assertThat(NetHeader.isSendable(header(1, 0, 0, 0, 0, 0, 34, 0, 7), 42, ALL))
                .isFalse();
        assertThat(NetHeader.isSendable(header(1, 0, 0, 0, 0, 0, 255, 255, 255, 255), 65_562, ALL))
                .isFalse();
    }

    @Test
    void refusesOffloadsThatWereNotAccepted() {
        assertThat(NetHeader.isSendable(header(1, 0, 0, 0, 0, 0, 34, 0, 6), 42, 0))
                .isFalse();
        assertThat(NetHeader.isSendable(header(1, 1, 54, 0, 0xB4, 5, 34, 0, 16), 9000, NetFeatures.CSUM))
                .isFalse();
        assertThat(NetHeader.isSendable(header(1, 0x81, 54, 0, 0xB4, 5, 34, 0, 16), 9000, ALL & ~NetFeatures.HOST_ECN))
                .isFalse();
        assertThat(NetHeader.isSendable(header(1, 2, 54, 0, 0xB4, 5, 34, 0, 16), 9000, -1L >>> 1))
                .isFalse();
    }

    @Test
    void addressesReadAndPrintTheSame() {
        MacAddress mac = MacAddress.parse("52:54:00:AB:cd:0f");
        assertThat(mac).hasToString("52:54:00:ab:cd:0f");
        assertThat(mac.byteAt(0)).isEqualTo(0x52);
        assertThat(mac.byteAt(5)).isEqualTo(0x0F);
        for (String wrong :
                new String[] {"", "52:54:00:ab:cd", "01:00:5e:00:00:01", "00:00:00:00:00:00", "52-54-00-ab-cd-0f"}) {
            assertThatThrownBy(() -> MacAddress.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        MacAddress mac = MacAddress.parse("52:54:00:00:00:01");
        assertThatThrownBy(() -> new NetOptions(mac, 0, 1500, false)).hasMessageContaining("1 to 16");
        assertThatThrownBy(() -> new NetOptions(mac, 17, 1500, false)).hasMessageContaining("1 to 16");
        assertThatThrownBy(() -> new NetOptions(mac, 1, 67, false)).hasMessageContaining("68 to 65521");
        assertThatThrownBy(() -> new NetOptions(mac, 1, 65_522, false)).hasMessageContaining("68 to 65521");
    }

    @Test
    void configurationReadsInPartsAsInOne() {
        NetConfig config = new NetConfig(new NetOptions(MacAddress.parse("52:54:00:12:34:56"), 3, 1400, false));
        assertThat(config.read(0, 4)).isEqualTo(0x12005452L);
        assertThat(config.read(4, 2)).isEqualTo(0x5634);
        assertThat(config.read(6, 2)).isEqualTo(1);
        assertThat(config.read(8, 4)).isEqualTo((1400L << 16) | 3);
        assertThat(config.read(12, 8)).isZero();
        assertThat(config.read(Integer.MAX_VALUE, 8)).isZero();
        config.linkUp(false);
        config.announceWanted(true);
        assertThat(config.read(6, 1)).isEqualTo(2);
    }
}
