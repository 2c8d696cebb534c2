package org.kvmbeans.block.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.block.testing.RecordingStorage;
import org.kvmbeans.sys.IoVector;

/** Passphrases of a volume in memory, its header behind other data as in a qcow2 image. */
class KeySlotsTest {
    private static final int OFFSET = 65536;
    private static final CipherSpec CIPHER =
            new CipherSpec(CipherAlgorithm.AES_128, CipherMode.CBC, IvGenerator.PLAIN64, null);
    private static final LuksOptions OPTIONS = CryptoDisk.quick(CIPHER, HashAlgorithm.SHA256);
    private static final byte[] FIRST = CryptoDisk.bytes("the first");
    private static final byte[] SECOND = CryptoDisk.bytes("the second");
    private static final byte[] THIRD = CryptoDisk.bytes("the third");
    private static final long QUICK = CryptoDisk.QUICK_MILLIS;

    private static LuksArea area(MemoryStorage storage) {
        return new LuksArea(CryptoDisk.POSIX, storage, OFFSET, OPTIONS.headerBytes());
    }

    private static MemoryStorage created() throws IOException {
        MemoryStorage storage = new MemoryStorage(new byte[0]);
        LuksVolume.create(area(storage), OPTIONS, FIRST).close();
        return storage;
    }

    private static Kind kindOf(Throwable e) {
        return ((DiskImageException) e).kind();
    }

    /** What the first sector of the disk is encrypted to: the same exactly where the master key is. */
    private static byte[] fingerprint(LuksVolume volume) {
        byte[] sector = new byte[512];
        volume.cipher().encrypt(0, ByteBuffer.wrap(sector));
        return sector;
    }

    private static boolean opens(MemoryStorage storage, byte[] passphrase) throws IOException {
        try (LuksVolume volume = LuksVolume.open(area(storage), passphrase)) {
            return fingerprint(volume).length > 0;
        } catch (DiskImageException e) {
            assertThat(e.kind()).isEqualTo(Kind.DENIED);
            return false;
        }
    }

    @Test
    void everyPassphraseOpensTheSameDisk() throws IOException {
        MemoryStorage storage = created();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            assertThat(volume.keySlots().add(FIRST, SECOND, QUICK)).isEqualTo(1);
            assertThat(volume.keySlots().add(SECOND, THIRD, QUICK)).isEqualTo(2);
            assertThat(volume.header().usedSlots()).containsExactly(0, 1, 2);
            for (byte[] passphrase : List.of(FIRST, SECOND, THIRD)) {
                try (LuksVolume other = LuksVolume.open(area(storage), passphrase)) {
                    assertThat(fingerprint(other)).isEqualTo(fingerprint(volume));
                }
            }
            assertThat(volume.keySlots().slotOf(THIRD)).isEqualTo(2);
        }
        assertThat(opens(storage, CryptoDisk.bytes("the fourth"))).isFalse();
    }

    @Test
    void aDiskHasEightPassphrases() throws IOException {
        MemoryStorage storage = created();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            for (int i = 1; i < 8; i++) {
                volume.keySlots().add(FIRST, CryptoDisk.bytes("number " + i), QUICK);
            }
            assertThatThrownBy(() -> volume.keySlots().add(FIRST, SECOND, QUICK))
                    .hasMessage("memory: all its key slots have a passphrase; remove one first")
                    .extracting(KeySlotsTest::kindOf)
                    .isEqualTo(Kind.NO_SPACE);
        }
        for (int i = 1; i < 8; i++) {
            assertThat(opens(storage, CryptoDisk.bytes("number " + i))).isTrue();
        }
    }

    @Test
    void aChangedPassphraseOpensNothingAnyMore() throws IOException {
        MemoryStorage storage = created();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            assertThat(volume.keySlots().change(FIRST, SECOND, QUICK)).isEqualTo(1);
        }
        assertThat(opens(storage, FIRST)).isFalse();
        assertThat(opens(storage, SECOND)).isTrue();
    }

    @Test
    void whoRemovesAPassphraseShowsThatAnotherOneOpens() throws IOException {
        MemoryStorage storage = created();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            KeySlots slots = volume.keySlots();
            slots.add(FIRST, SECOND, QUICK);
            assertThatThrownBy(() -> slots.remove(1, SECOND))
                    .hasMessage("memory: the passphrase does not open it")
                    .extracting(KeySlotsTest::kindOf)
                    .isEqualTo(Kind.DENIED);
            slots.remove(0, SECOND);
            assertThatThrownBy(() -> slots.remove(0, SECOND))
                    .hasMessage("memory: key slot 0 has no passphrase; those that have one are [1]");
            assertThatThrownBy(() -> slots.remove(1, SECOND)).isInstanceOf(DiskImageException.class);
            assertThat(slots.header().usedSlots()).containsExactly(1);
        }
        assertThat(opens(storage, FIRST)).isFalse();
        assertThat(opens(storage, SECOND)).isTrue();
    }

    @Test
    void theLastPassphraseIsErasedIfSoBidden() throws IOException {
        MemoryStorage storage = created();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            volume.keySlots().erase(0);
        }
        assertThatThrownBy(() -> LuksVolume.open(area(storage), FIRST))
                .hasMessage("memory: none of its key slots has a passphrase; restore its header");
    }

    @Test
    void nothingIsLeftOfARemovedPassphrase() throws IOException {
        MemoryStorage storage = created();
        byte[] before = storage.bytes();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            volume.keySlots().change(FIRST, SECOND, QUICK);
        }
        // Its slot as it was, but not its material.
        byte[] header = Arrays.copyOfRange(before, OFFSET, OFFSET + LuksHeader.BYTES);
        storage.write(OFFSET, CryptoDisk.vector(header));
        assertThat(opens(storage, FIRST)).isFalse();
    }

    @Test
    void aWrongPassphraseAddsNothing() throws IOException {
        MemoryStorage storage = created();
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            byte[] before = storage.bytes();
            assertThatThrownBy(() -> volume.keySlots().add(SECOND, THIRD, QUICK))
                    .extracting(KeySlotsTest::kindOf)
                    .isEqualTo(Kind.DENIED);
            assertThat(storage.bytes()).isEqualTo(before);
        }
    }

    @Test
    void nothingOutsideTheHeaderIsWritten() throws IOException {
        byte[] noise = CryptoDisk.noise(OFFSET + (int) OPTIONS.headerBytes() + 4096, 1);
        MemoryStorage storage = new MemoryStorage(noise);
        LuksVolume volume = LuksVolume.create(area(storage), OPTIONS, FIRST);
        for (int i = 1; i < 8; i++) {
            volume.keySlots().add(FIRST, SECOND, QUICK);
        }
        volume.keySlots().erase(7);
        byte[] after = storage.bytes();
        assertThat(Arrays.copyOf(after, OFFSET)).isEqualTo(Arrays.copyOf(noise, OFFSET));
        assertThat(Arrays.copyOfRange(after, noise.length - 4096, after.length))
                .isEqualTo(Arrays.copyOfRange(noise, noise.length - 4096, noise.length));
    }

    @Test
    void keyMaterialBeyondTheAreaIsRefused() throws IOException {
        MemoryStorage storage = created();
        LuksArea small = new LuksArea(CryptoDisk.POSIX, storage, OFFSET, 4096 + 64000 - 1);
        assertThatThrownBy(() -> LuksVolume.open(small, FIRST))
                .hasMessage("memory: the LUKS header has 64000 bytes at 4096, and ends at 68095")
                .extracting(KeySlotsTest::kindOf)
                .isEqualTo(Kind.CORRUPT);
    }

    @Test
    void aPowerCutTakesNoPassphraseAway() throws IOException {
        byte[] start = created().bytes();
        RecordingStorage storage = new RecordingStorage(start);
        try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
            // Slot 6 lies in two sectors of the header.
            for (int i = 1; i < 6; i++) {
                volume.keySlots().add(FIRST, CryptoDisk.bytes("number " + i), QUICK);
            }
        }
        RecordingStorage recorded = new RecordingStorage(storage.bytes());
        try (LuksVolume volume = LuksVolume.open(area(recorded), FIRST)) {
            volume.keySlots().change(FIRST, SECOND, QUICK);
        }
        recorded.cuts(20, cut -> {
            MemoryStorage after = new MemoryStorage(cut);
            assertThat(opens(after, FIRST) || opens(after, SECOND)).isTrue();
            assertThat(opens(after, CryptoDisk.bytes("number 5"))).isTrue();
        });
        MemoryStorage last = new MemoryStorage(recorded.bytes());
        assertThat(opens(last, FIRST)).isFalse();
        assertThat(opens(last, SECOND)).isTrue();
    }

    @Test
    void aSlotIsActiveOnceItsPassphraseOpens() throws IOException {
        RecordingStorage recorded = new RecordingStorage(created().bytes());
        try (LuksVolume volume = LuksVolume.open(area(recorded), FIRST)) {
            volume.keySlots().add(FIRST, SECOND, QUICK);
        }
        recorded.cuts(20, cut -> {
            MemoryStorage after = new MemoryStorage(cut);
            boolean active = LuksVolume.readHeader(area(after)).usedSlots().contains(1);
            assertThat(opens(after, SECOND)).isEqualTo(active);
        });
    }

    @Test
    void aFailedWriteLeavesThePassphrasesAsTheyWere() throws IOException {
        byte[] start = created().bytes();
        for (int writes = 0; writes < 3; writes++) {
            MemoryStorage storage = failing(start, writes);
            try (LuksVolume volume = LuksVolume.open(area(storage), FIRST)) {
                assertThatThrownBy(() -> volume.keySlots().add(FIRST, SECOND, QUICK))
                        .isInstanceOf(IllegalStateException.class);
                assertThat(volume.header().usedSlots()).containsExactly(0);
            }
            assertThat(opens(new MemoryStorage(storage.bytes()), FIRST)).isTrue();
        }
    }

    private static MemoryStorage failing(byte[] contents, int after) {
        return new MemoryStorage(contents) {
            private int left = after;

            @Override
            public void write(long offset, IoVector source) {
                if (left-- == 0) {
                    throw new IllegalStateException("no more writes");
                }
                super.write(offset, source);
            }
        };
    }
}
