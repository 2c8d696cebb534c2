package org.kvmbeans.virtio.net.tap;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackendException;

/** A network interface of the host, configured through ioctls: netdevice(7). Used by one thread at a time. */
final class HostInterface implements AutoCloseable {
    /** Bytes of an interface's name in struct ifreq, with its NUL. */
    static final int NAME_BYTES = 16;
    /** Bytes of struct ifreq. */
    static final int IFREQ_BYTES = 40;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final short ARPHRD_ETHER = 1;

    private final OwnedFd socket;
    private final NativeStruct request;
    private final String name;

    HostInterface(Posix posix, String name) {
        this.name = checkedName(name);
        socket = new OwnedFd(
                posix, PosixException.check(posix.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", "AF_INET"));
        request = new NativeStruct(posix, IFREQ_BYTES);
    }

    /** A name that an interface may have, or {@link NetBackendException}. */
    static String checkedName(String name) {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw new NetBackendException("\"" + name
                    + "\" cannot be the name of a network interface: give 1 to 15 letters, digits, '.', '_' and '-'");
        }
        return name;
    }

    /** Puts a name into a struct ifreq and zeros behind it. */
    static void fill(NativeStruct ifreq, String name) {
        byte[] bytes = new byte[IFREQ_BYTES];
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, bytes, 0, text.length);
        ifreq.buffer().put(0, bytes);
    }

    private int call(long number) {
        return socket.ioctl(number, request.address());
    }

    private void set(long number, String what) {
        int result = call(number);
        if (result < 0) {
            throw new NetBackendException(
                    what + " failed: " + Errno.name(-result) + hint(-result),
                    new PosixException("ioctl", -result, name));
        }
    }

    private static String hint(int errno) {
        return errno == Errno.EPERM
                ? "; it takes CAP_NET_ADMIN: run as root, or have the interface prepared and name it as tap"
                : "";
    }

    private NativeStruct fresh() {
        fill(request, name);
        return request;
    }

    int index() {
        fresh();
        set(TunIoctl.SIOCGIFINDEX, "looking up the interface " + name);
        return request.buffer().getInt(NAME_BYTES);
    }

    int mtu() {
        fresh();
        set(TunIoctl.SIOCGIFMTU, "reading the MTU of " + name);
        return request.buffer().getInt(NAME_BYTES);
    }

    /** Sets the MTU where it is another one. */
    void mtu(int mtu) {
        if (mtu() != mtu) {
            fresh().buffer().putInt(NAME_BYTES, mtu);
            set(TunIoctl.SIOCSIFMTU, "setting the MTU of " + name + " to " + mtu);
        }
    }

    /** Brings the interface up where it is not. */
    void up() {
        fresh();
        set(TunIoctl.SIOCGIFFLAGS, "reading the flags of " + name);
        short flags = request.buffer().getShort(NAME_BYTES);
        if ((flags & TunIoctl.IFF_UP) == 0) {
            fresh().buffer().putShort(NAME_BYTES, (short) (flags | TunIoctl.IFF_UP));
            set(TunIoctl.SIOCSIFFLAGS, "bringing " + name + " up");
        }
    }

    /** Gives the interface another address. */
    void address(MacAddress mac) {
        fresh().buffer().putShort(NAME_BYTES, ARPHRD_ETHER);
        for (int i = 0; i < MacAddress.BYTES; i++) {
            request.buffer().put(NAME_BYTES + Short.BYTES + i, (byte) mac.byteAt(i));
        }
        set(TunIoctl.SIOCSIFHWADDR, "setting the address of " + name + " to " + mac);
    }

    /** Makes this bridge's port of another interface. */
    void addPort(String port, int portIndex) {
        fresh().buffer().putInt(NAME_BYTES, portIndex);
        set(TunIoctl.SIOCBRADDIF, "making " + port + " a port of the bridge " + name);
    }

    @Override
    public void close() {
        socket.close();
    }
}
