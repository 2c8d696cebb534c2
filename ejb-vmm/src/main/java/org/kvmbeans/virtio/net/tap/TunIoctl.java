package org.kvmbeans.virtio.net.tap;

/** Request numbers and flags of TAP and network interfaces: {@code linux/if_tun.h}, {@code linux/sockios.h}; proven by {@code NetLayoutTest}. */
final class TunIoctl {
    static final long TUNSETIFF = 0x400454CA;
    static final long TUNSETOFFLOAD = 0x400454D0;
    static final long TUNSETVNETHDRSZ = 0x400454D8;
    static final long TUNSETQUEUE = 0x400454D9;

    static final long IFF_TAP = 0x0002;
    static final long IFF_MULTI_QUEUE = 0x0100;
    static final long IFF_ATTACH_QUEUE = 0x0200;
    static final long IFF_DETACH_QUEUE = 0x0400;
    static final long IFF_NO_PI = 0x1000;
    static final long IFF_VNET_HDR = 0x4000;

    static final long TUN_F_CSUM = 0x01;
    static final long TUN_F_TSO4 = 0x02;
    static final long TUN_F_TSO6 = 0x04;
    static final long TUN_F_TSO_ECN = 0x08;
    static final long TUN_F_UFO = 0x10;

    static final long SIOCGIFFLAGS = 0x8913;
    static final long SIOCSIFFLAGS = 0x8914;
    static final long SIOCGIFMTU = 0x8921;
    static final long SIOCSIFMTU = 0x8922;
    static final long SIOCSIFHWADDR = 0x8924;
    static final long SIOCGIFINDEX = 0x8933;
    static final long SIOCBRADDIF = 0x89A2;

    static final long IFF_UP = 0x1;

    private TunIoctl() {}
}
