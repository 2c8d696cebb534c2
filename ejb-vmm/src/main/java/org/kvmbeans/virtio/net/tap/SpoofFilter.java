package org.kvmbeans.virtio.net.tap;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackendException;

/**
 * Has the kernel drop packets that a guest sends from another address than its NIC's, where this process does not see them:
 * a classifier of five classic BPF instructions (cls_bpf) at the interface's ingress, the clsact qdisc. Set up through
 * rtnetlink(7). Segmentation offloads pass it in one piece, so it costs next to nothing.
 *
 * <p>It goes with the interface; from one that stays it is taken by {@link #remove}.
 */
final class SpoofFilter {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_ROUTE = 0;

    private static final short RTM_NEWQDISC = 36;
    private static final short RTM_NEWTFILTER = 44;
    private static final short RTM_DELTFILTER = 45;
    private static final short NLMSG_ERROR = 2;
    private static final int NLM_F_REQUEST = 0x1;
    private static final int NLM_F_ACK = 0x4;
    private static final int NLM_F_EXCL = 0x200;
    private static final int NLM_F_CREATE = 0x400;
    private static final int HEADER_BYTES = 16;
    private static final int ATTRIBUTE_BYTES = 4;

    private static final int TC_H_CLSACT = 0xFFFFFFF1;
    private static final int CLSACT_HANDLE = 0xFFFF0000;
    private static final int CLSACT_INGRESS = 0xFFFFFFF2;
    /** The first priority, and {@code ETH_P_ALL} in network order: before any filter of the operator's, for any packet. */
    private static final int PRIORITY_AND_PROTOCOL = (1 << 16) | 0x0300;

    private static final int FILTER_HANDLE = 1;

    private static final short TCA_KIND = 1;
    private static final short TCA_OPTIONS = 2;
    private static final short TCA_BPF_OPS_LEN = 4;
    private static final short TCA_BPF_OPS = 5;
    private static final short TCA_BPF_FLAGS = 8;
    /** The program's result is what happens to the packet. */
    private static final int TCA_BPF_FLAG_ACT_DIRECT = 1;

    /** {@code BPF_LD|BPF_W|BPF_ABS}, and its 16-bit kin. */
    private static final short LOAD_WORD = 0x20;

    private static final short LOAD_HALF = 0x28;
    private static final short JUMP_IF_EQUAL = 0x15;
    private static final short RETURN = 0x06;
    private static final int SOURCE_HIGH_OFFSET = 6;
    private static final int SOURCE_LOW_OFFSET = 10;
    /** Go on with the next filter. */
    private static final int TC_ACT_UNSPEC = -1;
    /** Drop. */
    private static final int TC_ACT_SHOT = 2;

    private static final int INSTRUCTIONS = 6;
    private static final int BUFFER_BYTES = 512;

    private SpoofFilter() {}

    /**
     * Lets through what comes from {@code mac} and drops all else.
     *
     * @param index the interface's
     * @throws NetBackendException where the kernel does not take it
     */
    static void install(Posix posix, String name, int index, MacAddress mac) {
        int qdisc = request(posix, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, qdiscBody(posix, index));
        int result = qdisc == 0 || qdisc == -Errno.EEXIST
                ? request(posix, RTM_NEWTFILTER, NLM_F_CREATE, filterBody(posix, index, mac))
                : qdisc;
        if (result < 0) {
            throw new NetBackendException(
                    "the kernel takes no filter on " + name + " against packets from other addresses: "
                            + Errno.name(-result) + "; it needs CAP_NET_ADMIN and the modules sch_ingress and cls_bpf."
                            + " Choose the back end tap, or set allowSpoofing",
                    new PosixException("rtnetlink", -result, "filter on " + name));
        }
    }

    /** Takes the filter away; does nothing where there is none. */
    static void remove(Posix posix, int index) {
        NativeStruct body = new NativeStruct(posix, BUFFER_BYTES);
        trafficControl(body.buffer(), index, FILTER_HANDLE, CLSACT_INGRESS, PRIORITY_AND_PROTOCOL);
        text(body.buffer(), TCA_KIND, "bpf");
        request(posix, RTM_DELTFILTER, 0, body);
    }

    private static NativeStruct qdiscBody(Posix posix, int index) {
        NativeStruct body = new NativeStruct(posix, BUFFER_BYTES);
        trafficControl(body.buffer(), index, CLSACT_HANDLE, TC_H_CLSACT, 0);
        text(body.buffer(), TCA_KIND, "clsact");
        return body;
    }

    private static NativeStruct filterBody(Posix posix, int index, MacAddress mac) {
        NativeStruct body = new NativeStruct(posix, BUFFER_BYTES);
        ByteBuffer to = body.buffer();
        trafficControl(to, index, FILTER_HANDLE, CLSACT_INGRESS, PRIORITY_AND_PROTOCOL);
        text(to, TCA_KIND, "bpf");
        int options = to.position();
        attribute(to, TCA_OPTIONS, 0);
        attribute(to, TCA_BPF_OPS_LEN, Short.BYTES);
        to.putShort((short) INSTRUCTIONS).putShort((short) 0);
        attribute(to, TCA_BPF_OPS, INSTRUCTIONS * Long.BYTES);
        program(to, mac);
        attribute(to, TCA_BPF_FLAGS, Integer.BYTES);
        to.putInt(TCA_BPF_FLAG_ACT_DIRECT);
        to.putShort(options, (short) (to.position() - options));
        return body;
    }

    private static void program(ByteBuffer to, MacAddress mac) {
        instruction(to, LOAD_WORD, 0, 0, SOURCE_HIGH_OFFSET);
        instruction(to, JUMP_IF_EQUAL, 0, 3, (int) (mac.value() >>> Short.SIZE));
        instruction(to, LOAD_HALF, 0, 0, SOURCE_LOW_OFFSET);
        instruction(to, JUMP_IF_EQUAL, 0, 1, (int) mac.value() & 0xFFFF);
        instruction(to, RETURN, 0, 0, TC_ACT_UNSPEC);
        instruction(to, RETURN, 0, 0, TC_ACT_SHOT);
    }

    /** One struct sock_filter: where to go on, counted from the next one, where the comparison is true and where not. */
    private static void instruction(ByteBuffer to, short code, int ifTrue, int ifFalse, int operand) {
        to.putShort(code).put((byte) ifTrue).put((byte) ifFalse).putInt(operand);
    }

    /** struct tcmsg, behind the room for the message's header. */
    private static void trafficControl(ByteBuffer to, int index, int handle, int parent, int info) {
        to.position(HEADER_BYTES);
        to.putInt(0).putInt(index).putInt(handle).putInt(parent).putInt(info);
    }

    private static void text(ByteBuffer to, short type, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
        attribute(to, type, bytes.length + 1);
        to.put(bytes).put((byte) 0);
        to.position((to.position() + ATTRIBUTE_BYTES - 1) / ATTRIBUTE_BYTES * ATTRIBUTE_BYTES);
    }

    private static void attribute(ByteBuffer to, short type, int valueBytes) {
        to.putShort((short) (ATTRIBUTE_BYTES + valueBytes)).putShort(type);
    }

    /** Sends a message and waits for its acknowledgement: 0, or a negated errno. */
    private static int request(Posix posix, short type, int flags, NativeStruct message) {
        ByteBuffer bytes = message.buffer();
        int length = bytes.position();
        bytes.putInt(0, length).putShort(Integer.BYTES, type).putShort(Integer.BYTES + Short.BYTES, (short)
                (NLM_F_REQUEST | NLM_F_ACK | flags));
        int number = posix.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (number < 0) {
            return number;
        }
        try (OwnedFd socket = new OwnedFd(posix, number)) {
            long written = posix.write(socket.number(), message.address(), length);
            if (written < 0) {
                return (int) written;
            }
            long read = posix.read(socket.number(), message.address(), BUFFER_BYTES);
            if (read < 0) {
                return (int) read;
            }
            boolean answered = read >= HEADER_BYTES + Integer.BYTES && bytes.getShort(Integer.BYTES) == NLMSG_ERROR;
            return answered ? bytes.getInt(HEADER_BYTES) : -Errno.EIO;
        } finally {
            Reference.reachabilityFence(message);
        }
    }
}
