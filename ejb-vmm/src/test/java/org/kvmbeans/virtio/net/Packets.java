package org.kvmbeans.virtio.net;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Packets as they are on the wire. */
public final class Packets {
    public static final int IPV4 = 0x0800;
    public static final int ARP = 0x0806;

    private static final int IP_BYTES = 20;
    private static final int UDP_BYTES = 8;
    private static final int UDP = 17;

    private Packets() {}

    /** An Ethernet frame. */
    public static byte[] ethernet(MacAddress to, MacAddress from, int type, byte[] payload) {
        return ethernet(to.value(), from, type, payload);
    }

    /** An Ethernet frame to any address, that of a group included. */
    public static byte[] ethernet(long to, MacAddress from, int type, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(NetHeader.ETHERNET_BYTES + payload.length);
        frame.putShort((short) (to >>> 32)).putInt((int) to);
        frame.putShort((short) (from.value() >>> 32)).putInt((int) from.value());
        return frame.putShort((short) type).put(payload).array();
    }

    /** An IPv4 packet with a UDP datagram in it, whose checksum is complete. */
    public static byte[] udp(int from, int fromPort, int to, int toPort, byte[] data) {
        int length = UDP_BYTES + data.length;
        ByteBuffer packet = ByteBuffer.allocate(IP_BYTES + length);
        packet.put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) (IP_BYTES + length))
                .putInt(0);
        packet.put((byte) 64).put((byte) UDP).putShort((short) 0).putInt(from).putInt(to);
        packet.putShort((short) fromPort)
                .putShort((short) toPort)
                .putShort((short) length)
                .putShort((short) 0)
                .put(data);
        packet.putShort(10, (short) ~sum(packet.array(), 0, IP_BYTES, 0));
        int pseudo = sum(packet.array(), 12, 8, 0) + UDP + length;
        packet.putShort(IP_BYTES + 6, (short) ~sum(packet.array(), IP_BYTES, length, pseudo));
        return packet.array();
    }

    /** The same with the checksum for a device to complete: only the pseudo-header's. */
    public static byte[] udpToComplete(int from, int fromPort, int to, int toPort, byte[] data) {
        byte[] packet = udp(from, fromPort, to, toPort, data);
        int pseudo = sum(packet, 12, 8, 0) + UDP + UDP_BYTES + data.length;
        ByteBuffer.wrap(packet).putShort(IP_BYTES + 6, (short) fold(pseudo));
        return packet;
    }

    /** Where a frame's UDP header starts. */
    public static int udpStart() {
        return NetHeader.ETHERNET_BYTES + IP_BYTES;
    }

    /** What an Ethernet frame carries to a UDP port; empty where it is something else. */
    public static byte[] udpData(byte[] frame, int toPort) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        boolean udp = frame.length >= udpStart() + UDP_BYTES
                && bytes.getShort(12) == IPV4
                && bytes.get(NetHeader.ETHERNET_BYTES + 9) == UDP
                && (bytes.getShort(udpStart() + 2) & 0xFFFF) == toPort;
        return udp ? Arrays.copyOfRange(frame, udpStart() + UDP_BYTES, frame.length) : new byte[0];
    }

    /** An ARP request for an address. */
    public static byte[] arpRequest(MacAddress from, int fromIp, int wantedIp) {
        ByteBuffer arp = ByteBuffer.allocate(28);
        arp.putShort((short) 1)
                .putShort((short) IPV4)
                .put((byte) 6)
                .put((byte) 4)
                .putShort((short) 1);
        arp.putShort((short) (from.value() >>> 32)).putInt((int) from.value()).putInt(fromIp);
        arp.putShort((short) 0).putInt(0).putInt(wantedIp);
        return ethernet(0xFFFFFFFFFFFFL, from, ARP, arp.array());
    }

    private static int sum(byte[] bytes, int start, int length, int initial) {
        int sum = initial;
        for (int i = 0; i < length; i++) {
            sum += (bytes[start + i] & 0xFF) << ((i & 1) == 0 ? Byte.SIZE : 0);
        }
        return fold(sum);
    }

    private static int fold(int sum) {
        int folded = sum;
        while (folded >>> Short.SIZE != 0) {
            folded = (folded & 0xFFFF) + (folded >>> Short.SIZE);
        }
        return folded;
    }
}
