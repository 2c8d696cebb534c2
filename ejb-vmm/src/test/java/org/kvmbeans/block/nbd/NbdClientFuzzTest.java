package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.nbd.ClientRequest.Outcome;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.testdriver.Mutations;

/** A server's bytes, changed: every request ends, none is answered in part, no memory but its own is touched. */
class NbdClientFuzzTest {
    private static final Posix POSIX = new JnaPosix();
    private static final NbdUri URI = NbdUri.parse("nbd://localhost/disk");
    private static final int READ_BYTES = 2048;
    private static final int GUARD_BYTES = 64;
    private static final byte UNTOUCHED = 0x5A;
    private static final byte FROM_SERVER = 0x33;

    private static final class Reply {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        void data(long cookie, int flags, long offset, int length) throws IOException {
            FakeServer.chunk(out, flags, Nbd.REPLY_OFFSET_DATA, cookie, 8 + length);
            out.writeLong(offset);
            for (int i = 0; i < length; i++) {
                out.write(FROM_SERVER);
            }
        }

        void hole(long cookie, int flags, long offset, int length) throws IOException {
            FakeServer.chunk(out, flags, Nbd.REPLY_OFFSET_HOLE, cookie, 12);
            out.writeLong(offset);
            out.writeInt(length);
        }

        void error(long cookie, int flags, int type, int error) throws IOException {
            FakeServer.chunk(out, flags, type, cookie, type == Nbd.REPLY_ERROR ? 9 : 17);
            out.writeInt(error);
            out.writeShort(3);
            out.writeBytes("bad");
            if (type == Nbd.REPLY_ERROR_OFFSET) {
                out.writeLong(0);
            }
        }
    }

    /** The handle of the nth request of a connection. */
    private static long cookie(int n) {
        return (n + 1) * 128L | (127 - n);
    }

    private static byte[] conversation(boolean structured) throws IOException {
        Reply reply = new Reply();
        DataOutputStream out = reply.out;
        out.writeLong(Nbd.INIT_MAGIC);
        out.writeLong(Nbd.OPTION_MAGIC);
        out.writeShort(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES);
        FakeServer.reply(out, Nbd.OPT_STRUCTURED_REPLY, structured ? Nbd.REP_ACK : Nbd.REP_ERR_UNSUP);
        if (structured) {
            out.writeLong(Nbd.OPTION_REPLY_MAGIC);
            out.writeInt(Nbd.OPT_SET_META_CONTEXT);
            out.writeInt(Nbd.REP_META_CONTEXT);
            out.writeInt(Integer.BYTES + Nbd.BASE_ALLOCATION.length());
            out.writeInt(1);
            out.writeBytes(Nbd.BASE_ALLOCATION);
            FakeServer.reply(out, Nbd.OPT_SET_META_CONTEXT, Nbd.REP_ACK);
        }
        out.writeLong(Nbd.OPTION_REPLY_MAGIC);
        out.writeInt(Nbd.OPT_GO);
        out.writeInt(Nbd.REP_INFO);
        out.writeInt(12);
        out.writeShort(Nbd.INFO_EXPORT);
        out.writeLong(1 << 20);
        out.writeShort(Nbd.FLAG_HAS_FLAGS | Nbd.FLAG_SEND_FLUSH);
        out.writeLong(Nbd.OPTION_REPLY_MAGIC);
        out.writeInt(Nbd.OPT_GO);
        out.writeInt(Nbd.REP_INFO);
        out.writeInt(14);
        out.writeShort(Nbd.INFO_BLOCK_SIZE);
        out.writeInt(512);
        out.writeInt(4096);
        out.writeInt(1 << 20);
        FakeServer.reply(out, Nbd.OPT_GO, Nbd.REP_ACK);
        if (structured) {
            reply.data(cookie(0), 0, 1024, 1024);
            reply.error(cookie(1), 0, Nbd.REPLY_ERROR_OFFSET, NbdErrors.EIO);
            reply.hole(cookie(0), 0, 512, 512);
            FakeServer.chunk(out, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_BLOCK_STATUS, cookie(2), 20);
            out.writeInt(1);
            out.writeInt(512);
            out.writeInt(3);
            out.writeInt(4096);
            out.writeInt(0);
            reply.data(cookie(0), 0, 0, 512);
            FakeServer.chunk(out, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_NONE, cookie(0), 0);
            reply.data(cookie(1), Nbd.REPLY_FLAG_DONE, 4096, 100);
        } else {
            FakeServer.simple(out, cookie(1), 0);
            out.write(new byte[READ_BYTES]);
            FakeServer.simple(out, cookie(2), NbdErrors.EINVAL);
            FakeServer.simple(out, cookie(0), 0);
            out.write(new byte[READ_BYTES]);
        }
        FakeServer.simple(out, cookie(3), 0);
        return reply.bytes.toByteArray();
    }

    private static IoVector guardedMemory(NativeStruct memory) {
        for (int i = 0; i < memory.buffer().capacity(); i++) {
            memory.buffer().put(i, UNTOUCHED);
        }
        IoVector vector = new IoVector(POSIX, 2);
        vector.add(memory.buffer(), memory.address(), GUARD_BYTES, 700);
        vector.add(memory.buffer(), memory.address(), GUARD_BYTES + 700 + GUARD_BYTES, READ_BYTES - 700);
        return vector;
    }

    private static void checkGuards(ByteBuffer memory) {
        for (int start : new int[] {0, GUARD_BYTES + 700, memory.capacity() - GUARD_BYTES}) {
            for (int i = 0; i < GUARD_BYTES; i++) {
                assertThat(memory.get(start + i)).isEqualTo(UNTOUCHED);
            }
        }
    }

    private static Outcome[] converse(byte[] bytes) {
        ClientHandshake.Connected connected;
        try {
            connected = ClientHandshake.negotiate(URI, NbdClientOptions.DEFAULT, new MemoryWire(bytes));
        } catch (IOException e) {
            return new Outcome[0];
        }
        ClientConnection connection = new ClientConnection(
                "fuzz",
                connected,
                Duration.ofSeconds(60),
                why -> assertThat(why).isNotEmpty());
        long context = connected.export().allocationContext();
        NativeStruct[] memories = new NativeStruct[2];
        ClientRequest[] requests = new ClientRequest[4];
        for (int i = 0; i < 2; i++) {
            memories[i] = new NativeStruct(POSIX, READ_BYTES + 3 * GUARD_BYTES);
            requests[i] = new ClientRequest(Nbd.CMD_READ, 0, i * 4096L, READ_BYTES, guardedMemory(memories[i]), -1);
        }
        requests[2] = new ClientRequest(Nbd.CMD_BLOCK_STATUS, 0, 0, 1 << 20, null, context);
        requests[3] = new ClientRequest(Nbd.CMD_FLUSH, 0, 0, 0, null, -1);
        for (ClientRequest request : requests) {
            connection.send(request);
        }
        connection.start();
        Outcome[] outcomes = new Outcome[requests.length];
        for (int i = 0; i < requests.length; i++) {
            outcomes[i] = requests[i].await();
            boolean done = outcomes[i] == Outcome.ANSWERED && requests[i].error() == NbdErrors.NONE;
            if (i < 2) {
                checkGuards(memories[i].buffer());
                boolean untouched = false;
                byte[] contents = NbdBench.contents(java.util.Objects.requireNonNull(requests[i].data()));
                for (byte b : contents) {
                    untouched |= b == UNTOUCHED;
                }
                // A changed byte of the data may happen to be the mark itself.
                assertThat(done && untouched && contents[READ_BYTES - 1] == UNTOUCHED && contents[0] == UNTOUCHED)
                        .isFalse();
            } else if (i == 2 && done) {
                assertThat(requests[i].statusBytes()).isBetween(1L, 1L << 20);
            }
        }
        return outcomes;
    }

    @Test
    void seedsAreAnswered() throws IOException {
        assertThat(converse(conversation(true))).hasSize(4).containsOnly(Outcome.ANSWERED);
        assertThat(converse(conversation(false))).hasSize(4).containsOnly(Outcome.ANSWERED);
    }

    static void target(byte[] input) {
        converse(input);
    }

    @Test
    void mutations() throws IOException {
        Mutations.run(List.of(conversation(true), conversation(false)), 10_000, NbdClientFuzzTest::target);
    }
}
