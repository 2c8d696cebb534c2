package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/**
 * An image's structures in memory, and the lock that guards them. The lock is held for look-ups and changes in memory; data
 * moves without it.
 *
 * <p>Memory: of L2 tables, what maps the whole disk but at most {@link #MAX_L2_BYTES}: with clusters of 64 KiB, 128 KiB for
 * each GiB of disk up to 256 GiB; of refcount blocks, a quarter of that; and the L1 table, 16 KiB for a TiB. A TiB that is
 * read and written all over takes 40 MiB.
 */
final class Metadata {
    /** The most bytes of L2 tables in memory, as QEMU has it. */
    static final long MAX_L2_BYTES = 32L << 20;

    private static final long MIN_L2_BYTES = 1 << 20;
    private static final int REFCOUNT_SHARE = 4;

    final Posix posix;
    final Storage storage;
    /** Where the disk's clusters are: the external data file, or the same storage. */
    final Storage data;

    final Qcow2Layout layout;
    final ReentrantLock lock = new ReentrantLock();
    final Corruption corruption;
    final ClusterMap map;
    final ClusterRefcounts refcounts;
    final RequestGate gate = new RequestGate(lock);
    final InFlight inFlight = new InFlight(lock);
    final WriteBack writeBack;
    private final boolean writable;
    private volatile long diskBytes;

    /** @param data the external data file; {@code storage} itself where there is none */
    Metadata(Posix posix, Storage storage, Storage data, Qcow2HeaderFile headerFile) throws IOException {
        this.posix = posix;
        this.storage = storage;
        this.data = data;
        Qcow2Header header = headerFile.header();
        layout = header.layout();
        corruption = new Corruption(storage.name());
        writable = storage.options().access() == Access.READ_WRITE;
        diskBytes = header.sizeBytes();
        long l2Bytes = l2BytesFor(header.sizeBytes());
        SliceCache l2Cache = new SliceCache(lock, posix, storage, layout.clusterBytes(), l2Bytes);
        SliceCache refcountCache =
                new SliceCache(lock, posix, storage, layout.clusterBytes(), l2Bytes / REFCOUNT_SHARE);
        TablePointer l1 = header.l1Table();
        TablePointer table = header.refcountTable();
        // Whoever only reads asks for no refcounts.
        int entries = writable ? table.count() * (layout.clusterBytes() / Long.BYTES) : 0;
        FlatTable refcountTable = new FlatTable(
                layout.clusterBytes(), table.offset(), FlatTable.read(posix, storage, table.offset(), entries));
        map = new ClusterMap(
                storage,
                data,
                header,
                corruption,
                new FlatTable(
                        layout.clusterBytes(), l1.offset(), FlatTable.read(posix, storage, l1.offset(), l1.count())),
                refcountTable,
                l2Cache);
        refcounts = new ClusterRefcounts(posix, storage, layout, corruption, refcountTable, refcountCache);
        writeBack = new WriteBack(this, headerFile);
    }

    /** Room for twice what maps all of a disk, within bounds: a cache that is half dirty is written before it is full. */
    private long l2BytesFor(long diskBytes) {
        long whole = layout.clusters(diskBytes) * layout.l2EntryBytes();
        return Math.max(MIN_L2_BYTES, Math.min(MAX_L2_BYTES, 2 * whole));
    }

    /** Whether the image may be changed. */
    boolean writable() {
        return writable;
    }

    /** Bytes of the disk. */
    long diskBytes() {
        return diskBytes;
    }

    /** The disk has another size; called with the lock. */
    void setDiskBytes(long newDiskBytes) {
        diskBytes = newDiskBytes;
        long l2Bytes = l2BytesFor(diskBytes);
        map.cache().setBound(l2Bytes);
        refcounts.cache().setBound(l2Bytes / REFCOUNT_SHARE);
    }

    boolean externalData() {
        return data != storage;
    }

    /** Makes durable what was written, of data as well as of structures. */
    void flushStorages() throws IOException {
        if (externalData()) {
            data.flush();
        }
        storage.flush();
    }

    /**
     * Finds the stretch from an offset on that lies in one place; called without the lock. A request begins with that where
     * the image may be changed: {@link #leave} ends it.
     *
     * @return what {@link #leave} takes
     */
    int findAndEnter(long offset, long most, Run run) throws IOException {
        while (true) {
            lock.lock();
            try {
                int age = writable ? gate.enter() : 0;
                boolean found = false;
                try {
                    found = map.find(offset, most, run);
                } finally {
                    if (!found) {
                        leave(age);
                    }
                }
                if (found) {
                    return age;
                }
            } finally {
                lock.unlock();
            }
            map.cache().fetch(run.missingSlice);
        }
    }

    /** As {@link #findAndEnter} for somebody who has entered already. */
    void find(long offset, long most, Run run) throws IOException {
        while (true) {
            lock.lock();
            try {
                if (map.find(offset, most, run)) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            map.cache().fetch(run.missingSlice);
        }
    }

    /**
     * As {@link #findAndEnter} where that takes no waiting.
     *
     * @return -1 otherwise
     */
    int findAtOnce(long offset, long most, Run run) {
        if (corruption.found() || !lock.tryLock()) {
            return -1;
        }
        try {
            int age = writable ? gate.tryEnter() : 0;
            if (age >= 0 && !findQuietly(offset, most, run)) {
                leave(age);
                return -1;
            }
            return age;
        } finally {
            lock.unlock();
        }
    }

    private boolean findQuietly(long offset, long most, Run run) {
        try {
            return map.find(offset, most, run);
        } catch (DiskImageException e) {
            // Whoever asks again, and may wait, is told what is wrong.
            return false;
        }
    }

    void leave(int age) {
        if (writable) {
            gate.leave(age);
        }
    }

    /** The number of the cluster of the disk that a byte is in. */
    long clusterOf(long offset) {
        return offset >>> layout.clusterBits();
    }
}
