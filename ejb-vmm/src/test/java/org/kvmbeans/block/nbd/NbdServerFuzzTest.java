package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.testdriver.Mutations;

/** A client's bytes, changed: the image is asked for nothing that it need not stand, and the connection ends. */
class NbdServerFuzzTest {
    private static final Posix POSIX = new JnaPosix();
    private static final int DISK_BYTES = 1 << 20;

    private static void option(DataOutputStream out, int option, byte[] data) throws IOException {
        out.writeLong(Nbd.OPTION_MAGIC);
        out.writeInt(option);
        out.writeInt(data.length);
        out.write(data);
    }

    private static byte[] export(int... items) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(4);
        out.writeBytes("disk");
        out.writeShort(items.length);
        for (int item : items) {
            out.writeShort(item);
        }
        return bytes.toByteArray();
    }

    private static byte[] contexts() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(4);
        out.writeBytes("disk");
        out.writeInt(1);
        out.writeInt(Nbd.BASE_ALLOCATION.length());
        out.writeBytes(Nbd.BASE_ALLOCATION);
        return bytes.toByteArray();
    }

    private static void request(DataOutputStream out, int command, int flags, long offset, int length)
            throws IOException {
        out.writeInt(Nbd.REQUEST_MAGIC);
        out.writeShort(flags);
        out.writeShort(command);
        out.writeLong(command * 1000L);
        out.writeLong(offset);
        out.writeInt(length);
        if (command == Nbd.CMD_WRITE) {
            out.write(NbdBench.pattern(length, 1));
        }
    }

    private static byte[] conversation(boolean modern) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(Nbd.FLAG_FIXED_NEWSTYLE | (modern ? Nbd.FLAG_NO_ZEROES : 0));
        option(out, Nbd.OPT_LIST, new byte[0]);
        if (modern) {
            option(out, Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
            option(out, Nbd.OPT_LIST_META_CONTEXT, contexts());
            option(out, Nbd.OPT_SET_META_CONTEXT, contexts());
            option(out, Nbd.OPT_INFO, export(Nbd.INFO_NAME, Nbd.INFO_DESCRIPTION));
            option(out, Nbd.OPT_GO, export(Nbd.INFO_BLOCK_SIZE));
        } else {
            option(out, Nbd.OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8));
        }
        request(out, Nbd.CMD_WRITE, 0, 4096, 1024);
        request(out, Nbd.CMD_READ, 0, 0, 8192);
        request(out, Nbd.CMD_READ, 0, 0, 256 << 10);
        request(out, Nbd.CMD_WRITE, Nbd.CMD_FLAG_FUA, 0, 512);
        if (modern) {
            request(out, Nbd.CMD_BLOCK_STATUS, Nbd.CMD_FLAG_REQ_ONE, 0, DISK_BYTES);
            request(out, Nbd.CMD_BLOCK_STATUS, 0, 512, DISK_BYTES - 512);
        }
        request(out, Nbd.CMD_TRIM, 0, 65536, 65536);
        request(out, Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE, 512, 4096);
        request(out, Nbd.CMD_FLUSH, 0, 0, 0);
        request(out, Nbd.CMD_DISC, 0, 0, 0);
        return bytes.toByteArray();
    }

    /** Serves one client; the statistics of what it had done. */
    private static NbdStatistics converse(byte[] input, boolean atOnce, Access access) {
        CheckedDisk disk = new CheckedDisk(DISK_BYTES, access == Access.READ_ONLY);
        disk.answerAtOnce(atOnce);
        ServedExport served = new ServedExport(new NbdExport("disk", disk, access));
        MemoryWire wire = new MemoryWire(input);
        try {
            ServerHandshake.Agreed agreed = new ServerHandshake(wire, null, () -> List.of(served)).run();
            if (agreed != null) {
                new ServerTransmission(
                                POSIX, agreed, NbdServerOptions.onLoopback(), new BufferPool(POSIX), Runnable::run)
                        .run();
            }
        } catch (IOException e) {
            // What it cannot understand ends a connection.
            assertThat(e).hasMessageNotContaining("null");
        }
        // An answer to each request at most, and no reply that is longer than what was asked for.
        assertThat(wire.writtenBytes()).isLessThan(40L << 20);
        return served.statistics();
    }

    @Test
    void seedsAreServed() throws IOException {
        for (boolean modern : new boolean[] {true, false}) {
            NbdStatistics statistics = converse(conversation(modern), modern, Access.READ_WRITE);
            assertThat(statistics.failedRequests()).isZero();
            assertThat(statistics.readRequests()).isEqualTo(2);
            assertThat(statistics.bytesWritten()).isEqualTo(1536);
            assertThat(statistics.otherRequests()).isEqualTo(modern ? 5 : 3);
            assertThat(converse(conversation(modern), modern, Access.READ_ONLY).failedRequests())
                    .isEqualTo(4);
        }
    }

    static void target(byte[] input) {
        converse(input, input.length % 2 == 0, Access.READ_WRITE);
        converse(input, input.length % 2 == 1, Access.READ_ONLY);
    }

    @Test
    void mutations() throws IOException {
        Mutations.run(List.of(conversation(true), conversation(false)), 5_000, NbdServerFuzzTest::target);
    }
}
