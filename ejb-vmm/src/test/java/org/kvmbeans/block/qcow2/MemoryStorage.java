package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;

/** A storage in memory that records what is done to it, and fails when it is told to. */
final class MemoryStorage implements Storage {
    /** Something that was done: a write, or a flush where there is no data. */
    static final class Event {
        private final long offset;
        private final byte[] data;
        private final long resizedTo;

        Event(long offset, byte[] data, long resizedTo) {
            this.offset = offset;
            this.data = data;
            this.resizedTo = resizedTo;
        }

        long offset() {
            return offset;
        }

        byte[] data() {
            return data;
        }

        long resizedTo() {
            return resizedTo;
        }

        boolean flush() {
            return data.length == 0 && resizedTo < 0;
        }
    }

    /** Decides whether a request fails. */
    @FunctionalInterface
    interface Faults {
        boolean fails(String request, long offset);
    }

    private final Access access;
    private byte[] bytes;
    private int size;
    private final List<Event> events = new ArrayList<>();
    private Faults faults = (request, offset) -> false;
    private boolean recording;

    MemoryStorage(byte[] contents, Access access) {
        this.bytes = contents.clone();
        this.size = contents.length;
        this.access = access;
    }

    synchronized void record() {
        recording = true;
    }

    synchronized List<Event> events() {
        return new ArrayList<>(events);
    }

    synchronized int eventCount() {
        return events.size();
    }

    synchronized byte[] contents() {
        return Arrays.copyOf(bytes, size);
    }

    synchronized void faults(Faults newFaults) {
        faults = newFaults;
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public OpenOptions options() {
        return EngineDisk.options(access);
    }

    @Override
    public synchronized long sizeBytes() {
        return size;
    }

    @Override
    public DiskGeometry geometry() {
        return new DiskGeometry(512, 512, 0, 512);
    }

    private void request(String what, long offset) throws DiskImageException {
        if (access == Access.READ_ONLY && !what.equals("read")) {
            throw new DiskImageException(Kind.READ_ONLY, "memory", "it was opened to read");
        }
        if (faults.fails(what, offset)) {
            throw new DiskImageException(Kind.IO_ERROR, "memory", what + " at " + offset + " failed: as told");
        }
    }

    @Override
    public synchronized void read(long offset, IoVector target) throws IOException {
        request("read", offset);
        byte[] part = new byte[(int) target.totalBytes()];
        if (offset < size) {
            System.arraycopy(bytes, (int) offset, part, 0, (int) Math.min(part.length, size - offset));
        }
        target.copyFrom(0, ByteBuffer.wrap(part));
    }

    @Override
    public synchronized void write(long offset, IoVector source) throws IOException {
        byte[] part = new byte[(int) source.totalBytes()];
        source.copyTo(0, ByteBuffer.wrap(part));
        if (faults.fails("torn write", offset)) {
            put(offset, Arrays.copyOf(part, part.length / 1024 * 512));
            throw new DiskImageException(Kind.IO_ERROR, "memory", "write at " + offset + " failed half-way: as told");
        }
        request("write", offset);
        put(offset, part);
    }

    private void put(long offset, byte[] part) {
        apply(new Event(offset, part, -1));
        if (recording && part.length > 0) {
            events.add(new Event(offset, part, -1));
        }
    }

    /** Does what another storage has recorded. */
    synchronized void apply(Event event) {
        if (event.resizedTo() >= 0) {
            size = (int) event.resizedTo();
            bytes = Arrays.copyOf(bytes, Math.max(size, 1));
            return;
        }
        int end = (int) (event.offset() + event.data().length);
        if (event.data().length > 0 && end > size) {
            if (end > bytes.length) {
                bytes = Arrays.copyOf(bytes, end + end / 2);
            }
            size = end;
        }
        System.arraycopy(event.data(), 0, bytes, (int) event.offset(), event.data().length);
    }

    @Override
    public synchronized void flush() throws IOException {
        request("flush", 0);
        if (recording) {
            events.add(new Event(0, new byte[0], -1));
        }
    }

    @Override
    public synchronized void discard(long offset, long length) throws IOException {
        request("discard", offset);
        zero(offset, length);
    }

    @Override
    public synchronized void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        request("zeroes", offset);
        zero(offset, length);
    }

    private void zero(long offset, long length) {
        long inside = Math.min(length, size - offset);
        if (inside > 0) {
            put(offset, new byte[(int) inside]);
        }
    }

    @Override
    public synchronized void resize(long newBytes) throws IOException {
        request("resize", newBytes);
        Event event = new Event(0, new byte[0], newBytes);
        apply(event);
        if (recording) {
            events.add(event);
        }
    }

    @Override
    public long allocatedBytes() {
        return -1;
    }

    @Override
    public Extent extent(long offset, long length) {
        return new Extent(offset, length, Extent.Kind.DATA, 0, offset);
    }

    @Override
    public void close() {
        // The contents stay, to be looked at.
    }
}
