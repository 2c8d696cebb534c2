package org.kvmbeans.block.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.kvmbeans.sys.IoVector;

/**
 * Storage that remembers every write between flushes, to show what a power cut may leave: each sector of 512 bytes that was
 * written since the last flush is there or is not.
 */
public final class RecordingStorage extends MemoryStorage {
    private static final int SECTOR = 512;

    private record Sector(long offset, ByteBuffer bytes) {}

    private final List<List<Sector>> epochs = new ArrayList<>(List.of(new ArrayList<>()));
    private final byte[] initial;

    public RecordingStorage(byte[] bytes) {
        super(bytes);
        initial = bytes.clone();
    }

    @Override
    public void write(long offset, IoVector source) {
        super.write(offset, source);
        byte[] bytes = new byte[(int) source.totalBytes()];
        source.copyTo(0, ByteBuffer.wrap(bytes));
        for (int at = 0; at < bytes.length; ) {
            int length = (int) Math.min(SECTOR - (offset + at) % SECTOR, bytes.length - at);
            epochs.get(epochs.size() - 1)
                    .add(new Sector(offset + at, ByteBuffer.wrap(bytes).slice(at, length)));
            at += length;
        }
    }

    @Override
    public void flush() {
        epochs.add(new ArrayList<>());
    }

    /** Takes what a power cut has left. */
    @FunctionalInterface
    public interface CutVisitor {
        void visit(byte[] left) throws IOException;
    }

    /** What {@link #cuts(int, CutVisitor)} shows, for storage that is small. */
    public List<byte[]> cuts(int choicesPerFlush) {
        List<byte[]> result = new ArrayList<>();
        try {
            cuts(choicesPerFlush, result::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return result;
    }

    /**
     * Shows what may be there after a power cut: all of what was flushed up to some flush, and any choice of the sectors that
     * were written after it.
     */
    public void cuts(int choicesPerFlush, CutVisitor visitor) throws IOException {
        Random random = new Random(3);
        byte[] durable = initial.clone();
        for (List<Sector> epoch : epochs) {
            for (int choice = 0; choice < choicesPerFlush && !epoch.isEmpty(); choice++) {
                byte[] cut = durable.clone();
                for (Sector sector : epoch) {
                    if (random.nextBoolean()) {
                        cut = put(cut, sector);
                    }
                }
                visitor.visit(cut);
            }
            for (Sector sector : epoch) {
                durable = put(durable, sector);
            }
            if (!epoch.isEmpty()) {
                visitor.visit(durable.clone());
            }
        }
    }

    private static byte[] put(byte[] bytes, Sector sector) {
        int length = sector.bytes().capacity();
        int end = (int) sector.offset() + length;
        byte[] target = end > bytes.length ? java.util.Arrays.copyOf(bytes, end) : bytes;
        sector.bytes().get(0, target, (int) sector.offset(), length);
        return target;
    }
}
