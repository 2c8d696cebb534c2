package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.virtio.testdriver.Mutations;

/**
 * LUKS headers of any content: each is refused, or keeps what it promises: no more rounds and no more key material than
 * bounds allow, all of it between the header and the payload.
 */
class LuksHeaderFuzzTest {
    private static final long MAX_MATERIAL_BYTES = 256_000;

    static void target(byte[] input) {
        LuksHeader header;
        try {
            header = LuksHeader.parse(ByteBuffer.wrap(input), "fuzz");
        } catch (DiskImageException e) {
            assertThat(e.kind()).isIn(Kind.CORRUPT, Kind.UNSUPPORTED);
            return;
        }
        assertThat((long) header.materialBytes()).isBetween(64_000L, MAX_MATERIAL_BYTES);
        long rounds = 0;
        for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
            long start = header.slot(slot).materialOffset();
            assertThat(start).isBetween((long) LuksHeader.BYTES, header.payloadOffset() - header.materialBytes());
            rounds += header.iterations(slot);
        }
        assertThat(rounds).isLessThanOrEqualTo(LuksHeaderParser.MAX_ROUNDS);
        reads(header);
    }

    private static void reads(LuksHeader header) {
        try {
            LuksHeader again = LuksHeader.parse(ByteBuffer.wrap(header.encode()), "again");
            assertThat(again.encode()).isEqualTo(header.encode());
        } catch (DiskImageException e) {
            throw new AssertionError("what was understood is not understood when it is written", e);
        }
    }

    @Test
    void mutations() {
        Mutations.run(List.of(LuksHeaderTest.good().encode()), 20_000, LuksHeaderFuzzTest::target);
    }

    @FuzzTest(maxDuration = "5m")
    void fuzz(byte[] input) {
        target(input);
    }
}
