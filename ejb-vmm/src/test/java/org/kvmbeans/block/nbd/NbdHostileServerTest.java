package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.DiskImageException;

/** Servers that break the protocol, each in one way. */
class NbdHostileServerTest {
    private static final int MIB = 1 << 20;
    private static final NbdClientOptions AT_ONCE =
            NbdClientOptions.DEFAULT.withTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ZERO);

    private NbdBench bench;

    @BeforeEach
    void prepare() throws IOException {
        bench = new NbdBench();
    }

    @AfterEach
    void cleanUp() throws Exception {
        bench.close();
    }

    /** What a server says to the one request that it gets. */
    @FunctionalInterface
    private interface Answer {
        void say(DataOutputStream out, long cookie) throws IOException;
    }

    /** Reads 4096 bytes at 4096 from a server of structured replies, which must fail with these words. */
    private void refused(Answer answer, String words) throws IOException {
        try (FakeServer server = new FakeServer((in, out, connection) -> {
                    FakeServer.negotiate(in, out, MIB, 0, true);
                    answer.say(out, FakeServer.request(in).cookie());
                    in.read();
                });
                NbdStorage storage = bench.client(server.uri(), AT_ONCE)) {
            assertThatThrownBy(() -> bench.read(storage, 4096, 4096))
                    .isInstanceOf(DiskImageException.class)
                    .hasMessageContaining("does not keep to the protocol")
                    .hasMessageContaining(words);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void refusesRepliesToNoRequest() throws IOException {
        refused((out, cookie) -> FakeServer.chunk(out, 1, 0, cookie + 128, 0), "a reply to no request");
        refused((out, cookie) -> FakeServer.chunk(out, 1, 0, cookie ^ 1, 0), "a reply to no request");
        refused((out, cookie) -> FakeServer.simple(out, 0, 0), "a reply to no request");
        refused((out, cookie) -> FakeServer.simple(out, -1, 0), "a reply to no request");
    }

    @Test
    void refusesASecondReply() throws IOException {
        FakeServer server = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, true);
            for (int i = 0; i < 2; i++) {
                long cookie = FakeServer.request(in).cookie();
                for (int j = 0; j < 2; j++) {
                    FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_HOLE, cookie, 12);
                    out.writeLong(0);
                    out.writeInt(512);
                }
            }
            in.read();
        }));
        NbdStorage storage = bench.client(server.uri(), NbdClientOptions.DEFAULT);

        assertThat(bench.read(storage, 0, 512)).containsOnly(0);
        assertThat(bench.read(storage, 0, 512)).containsOnly(0);

        // The second read's reply came after the one that nobody had asked for: over another connection.
        assertThat(storage.reconnects()).isEqualTo(1);
    }

    @Test
    void refusesDataOutsideTheRequest() throws IOException {
        for (long offset : new long[] {0, 4095, 4097, 8192, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            refused(
                    (out, cookie) -> {
                        FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_DATA, cookie, 8 + 4096);
                        out.writeLong(offset);
                        out.write(new byte[4096]);
                    },
                    "of a read of 4096");
            refused(
                    (out, cookie) -> {
                        FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_HOLE, cookie, 12);
                        out.writeLong(offset);
                        out.writeInt(4096);
                    },
                    "of a read of 4096");
        }
    }

    @Test
    void refusesMoreDataThanWasAskedForBeforeItIsSent() throws IOException {
        refused(
                (out, cookie) -> {
                    FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_DATA, cookie, -1);
                    out.writeLong(4096);
                },
                "of a read of 4096");
    }

    @Test
    void refusesARepliesEndBeforeAllDataHasCome() throws IOException {
        refused((out, cookie) -> FakeServer.chunk(out, 1, Nbd.REPLY_NONE, cookie, 0), "before all of it has come");
        refused(
                (out, cookie) -> {
                    FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_HOLE, cookie, 12);
                    out.writeLong(4096);
                    out.writeInt(4095);
                },
                "before all of it has come");
    }

    @Test
    void refusesTheSameDataTwice() throws IOException {
        refused(
                (out, cookie) -> {
                    for (int i = 0; i < 2; i++) {
                        FakeServer.chunk(out, 0, Nbd.REPLY_OFFSET_HOLE, cookie, 12);
                        out.writeLong(4096);
                        out.writeInt(2048);
                    }
                },
                "of which 2048 had come");
    }

    @Test
    void refusesChunksThatDoNotBelongToARead() throws IOException {
        refused((out, cookie) -> FakeServer.chunk(out, 1, Nbd.REPLY_BLOCK_STATUS, cookie, 12), "type 5");
        refused((out, cookie) -> FakeServer.chunk(out, 0, Nbd.REPLY_NONE, cookie, 0), "type 0");
        refused((out, cookie) -> FakeServer.chunk(out, 1, 77, cookie, 1 << 30), "type 77");
        refused((out, cookie) -> FakeServer.chunk(out, 1, Nbd.REPLY_ERROR, cookie, 1 << 30), "type 32769");
        refused((out, cookie) -> FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_DATA, cookie, 8), "type 1");
        refused((out, cookie) -> FakeServer.chunk(out, 1, Nbd.REPLY_OFFSET_HOLE, cookie, 13), "type 2");
        refused((out, cookie) -> FakeServer.simple(out, cookie, 0), "a simple reply");
        refused((out, cookie) -> out.writeInt(0x12345678), "0x12345678");
    }

    @Test
    void tellsWhatTheServerSaysOfAnError() throws IOException {
        FakeServer server = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, true);
            long cookie = FakeServer.request(in).cookie();
            FakeServer.chunk(out, 1, Nbd.REPLY_ERROR, cookie, 6 + 9);
            out.writeInt(NbdErrors.EIO);
            out.writeShort(9);
            out.writeBytes("dust\u001b[31m");
            in.read();
        }));
        NbdStorage storage = bench.client(server.uri(), AT_ONCE);

        assertThatThrownBy(() -> bench.read(storage, 4096, 4096))
                .hasMessageContaining("read of 4096 bytes at 4096: the server answers EIO, and says 'dust?[31m'");
        assertThat(storage.reconnects()).isZero();
    }

    private void refusedGreeting(FakeServer.Script script, String words) throws Exception {
        try (FakeServer server = new FakeServer(script)) {
            assertThatThrownBy(() -> bench.client(server.uri(), AT_ONCE))
                    .isInstanceOf(DiskImageException.class)
                    .hasMessageContaining(words);
        }
    }

    @Test
    void refusesServersThatAreNone() throws Exception {
        refusedGreeting((in, out, connection) -> out.writeBytes("HTTP/1.1 400 Bad Request\r\n"), "no NBD server");
        refusedGreeting(
                (in, out, connection) -> {
                    out.writeLong(Nbd.INIT_MAGIC);
                    out.writeLong(0x00420281861253L);
                    out.write(new byte[136]);
                },
                "the old style");
        refusedGreeting(
                (in, out, connection) -> {
                    out.writeLong(Nbd.INIT_MAGIC);
                    out.writeLong(Nbd.OPTION_MAGIC);
                    out.writeShort(0);
                },
                "the fixed newstyle is needed");
    }

    @Test
    void refusesRepliesToOptionsWithoutEnd() throws Exception {
        refusedGreeting(
                (in, out, connection) -> {
                    out.writeLong(Nbd.INIT_MAGIC);
                    out.writeLong(Nbd.OPTION_MAGIC);
                    out.writeShort(Nbd.FLAG_FIXED_NEWSTYLE);
                    while (true) {
                        FakeServer.reply(out, Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_INFO);
                    }
                },
                "more than 256 replies");
    }

    @Test
    void refusesARepliesLengthThatNoOptionHas() throws Exception {
        refusedGreeting(
                (in, out, connection) -> {
                    out.writeLong(Nbd.INIT_MAGIC);
                    out.writeLong(Nbd.OPTION_MAGIC);
                    out.writeShort(Nbd.FLAG_FIXED_NEWSTYLE);
                    out.writeLong(Nbd.OPTION_REPLY_MAGIC);
                    out.writeInt(Nbd.OPT_STRUCTURED_REPLY);
                    out.writeInt(Nbd.REP_ACK);
                    out.writeInt(-1);
                    in.readNBytes(100);
                },
                "4294967295 bytes");
    }

    @Test
    void refusesExportsThatCannotBe() throws Exception {
        refusedGreeting((in, out, connection) -> FakeServer.negotiate(in, out, -1, 0, true), "less than 2^63");
    }

    @Test
    void refusesWhatComesBeforeTlsBegins() throws Exception {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        NbdClientOptions options = AT_ONCE.withTls(NbdTls.client(certificates.authority(), null));
        try (FakeServer server = new FakeServer((in, out, connection) -> {
            out.writeLong(Nbd.INIT_MAGIC);
            out.writeLong(Nbd.OPTION_MAGIC);
            out.writeShort(Nbd.FLAG_FIXED_NEWSTYLE);
            in.readNBytes(20);
            java.io.ByteArrayOutputStream both = new java.io.ByteArrayOutputStream();
            FakeServer.reply(new DataOutputStream(both), Nbd.OPT_STARTTLS, Nbd.REP_ACK);
            FakeServer.reply(new DataOutputStream(both), Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_ACK);
            out.write(both.toByteArray());
            in.readNBytes(100);
        })) {
            assertThatThrownBy(() -> bench.client(server.uri().replace("nbd:", "nbds:"), options))
                    .hasMessageContaining("before TLS began");
        }
    }
}
