/* Prints what the kernel's own headers say of the numbers that org.kvmbeans.virtio.net.tap and .vhost have written down. */
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/vhost.h>
#include <stdio.h>

#define NUMBER(name) printf("%s=%llu\n", #name, (unsigned long long)(unsigned)(name))

int main(void) {
    NUMBER(TUNSETIFF);
    NUMBER(TUNSETOFFLOAD);
    NUMBER(TUNSETVNETHDRSZ);
    NUMBER(TUNSETQUEUE);
    NUMBER(IFF_TAP);
    NUMBER(IFF_MULTI_QUEUE);
    NUMBER(IFF_ATTACH_QUEUE);
    NUMBER(IFF_DETACH_QUEUE);
    NUMBER(IFF_NO_PI);
    NUMBER(IFF_VNET_HDR);
    NUMBER(IFF_UP);
    NUMBER(TUN_F_CSUM);
    NUMBER(TUN_F_TSO4);
    NUMBER(TUN_F_TSO6);
    NUMBER(TUN_F_TSO_ECN);
    NUMBER(TUN_F_UFO);
    NUMBER(SIOCGIFFLAGS);
    NUMBER(SIOCSIFFLAGS);
    NUMBER(SIOCGIFMTU);
    NUMBER(SIOCSIFMTU);
    NUMBER(SIOCSIFHWADDR);
    NUMBER(SIOCGIFINDEX);
    NUMBER(SIOCBRADDIF);
    NUMBER(VHOST_GET_FEATURES);
    NUMBER(VHOST_SET_FEATURES);
    NUMBER(VHOST_SET_OWNER);
    NUMBER(VHOST_SET_MEM_TABLE);
    NUMBER(VHOST_SET_VRING_NUM);
    NUMBER(VHOST_SET_VRING_ADDR);
    NUMBER(VHOST_SET_VRING_BASE);
    NUMBER(VHOST_GET_VRING_BASE);
    NUMBER(VHOST_SET_VRING_KICK);
    NUMBER(VHOST_SET_VRING_CALL);
    NUMBER(VHOST_SET_VRING_ERR);
    NUMBER(VHOST_NET_SET_BACKEND);
    return 0;
}
