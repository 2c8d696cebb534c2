package org.kvmbeans.block.nbd;

import java.util.concurrent.CountDownLatch;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** Exports a raw image until it is killed: to be measured, and to be killed in the midst of writes. */
final class NbdServerMain {
    private NbdServerMain() {}

    /**
     * Exports it.
     *
     * @param arguments path of the image; {@code unix:PATH} or a port, 0 for one that is free; its address is printed
     */
    public static void main(String... arguments) throws Exception {
        Posix posix = new JnaPosix();
        NbdAddress address = arguments[1].startsWith("unix:")
                ? new NbdAddress.Unix(arguments[1].substring("unix:".length()))
                : new NbdAddress.Tcp("127.0.0.1", Integer.parseInt(arguments[1]));
        RawImage image = RawImage.open(posix, arguments[0], new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK));
        NbdServer server = NbdServer.start(posix, NbdServerOptions.at(address));
        server.export(new NbdExport("disk", image, Access.READ_WRITE));
        System.out.println(server.uri("disk"));
        new CountDownLatch(1).await();
    }
}
