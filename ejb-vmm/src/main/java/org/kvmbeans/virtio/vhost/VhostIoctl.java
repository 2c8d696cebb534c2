package org.kvmbeans.virtio.vhost;

/** Request numbers of vhost: {@code linux/vhost.h}; proven by {@code VhostLayoutTest}. */
final class VhostIoctl {
    static final long VHOST_GET_FEATURES = 0x8008AF00L;
    static final long VHOST_SET_FEATURES = 0x4008AF00;
    static final long VHOST_SET_OWNER = 0xAF01;
    static final long VHOST_SET_MEM_TABLE = 0x4008AF03;
    static final long VHOST_SET_VRING_NUM = 0x4008AF10;
    static final long VHOST_SET_VRING_ADDR = 0x4028AF11;
    static final long VHOST_SET_VRING_BASE = 0x4008AF12;
    static final long VHOST_GET_VRING_BASE = 0xC008AF12L;
    static final long VHOST_SET_VRING_KICK = 0x4008AF20;
    static final long VHOST_SET_VRING_CALL = 0x4008AF21;
    static final long VHOST_SET_VRING_ERR = 0x4008AF22;

    private VhostIoctl() {}
}
