package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.LongUnaryOperator;
import org.kvmbeans.block.qcow2.Qcow2Header;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.TestImages;

/** Changes entries of an image's tables, as a fault of a program or a disk might. */
final class ImageEditor {
    private final Path path;
    private final Qcow2Header header;
    private final Qcow2Layout layout;

    ImageEditor(Path path) throws IOException {
        this.path = path;
        header = TestImages.header(path);
        layout = header.layout();
    }

    Qcow2Header header() {
        return header;
    }

    long l1Position(int index) {
        return header.l1Table().offset() + index * 8L;
    }

    /** Where the L2 entry of a byte of the disk is. */
    long l2Position(long diskOffset) {
        long table = get(l1Position((int) (diskOffset >>> layout.l1EntryBits()))) & Qcow2Layout.L1_OFFSET_MASK;
        long index = diskOffset >>> layout.clusterBits() & layout.l2Entries() - 1;
        return table + index * layout.l2EntryBytes();
    }

    /** Where the cluster of a byte of the disk lies. */
    long host(long diskOffset) {
        return get(l2Position(diskOffset)) & Qcow2Layout.L2_OFFSET_MASK;
    }

    /** Where the refcount of a cluster is; it has 16 bits. */
    long refcountPosition(long hostOffset) {
        long cluster = hostOffset >>> layout.clusterBits();
        return get(header.refcountTable().offset() + (cluster >>> layout.refcountBlockBits()) * 8)
                + (cluster & layout.refcountBlockEntries() - 1) * 2;
    }

    long get(long position) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            file.seek(position);
            return file.readLong();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void put(long position, long value) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(position);
            file.writeLong(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void change(long position, LongUnaryOperator change) {
        put(position, change.applyAsLong(get(position)));
    }

    /** Sets a refcount of 16 bits. */
    void putRefcount(long hostOffset, int value) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(refcountPosition(hostOffset));
            file.writeShort(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long fileBytes() {
        return path.toFile().length();
    }

    /** Adds clusters to the end of the file. */
    void append(int clusters) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(layout.roundUp(file.length()) + (long) clusters * layout.clusterBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
