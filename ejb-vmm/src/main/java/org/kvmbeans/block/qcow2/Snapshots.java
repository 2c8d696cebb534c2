package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.IoVector;

/**
 * The internal snapshots of an image in use (specification, "Snapshots"). One operation at a time; requests to the disk wait
 * meanwhile, but for those on the VM's state.
 *
 * <p>Each takes effect with one write of the header. References are counted before it if they come, and after it if they go,
 * so that a cut of the power leaves at worst clusters that are counted too often; a mark in the header has them counted anew
 * when the image is opened next.
 */
public final class Snapshots {
    private static final int SECTOR_BYTES = 512;

    private final Qcow2Image image;
    private final Metadata metadata;
    private final Qcow2Layout layout;
    private volatile List<Snapshot> snapshots;
    /** Bytes of the table in the storage. */
    private long storedBytes;

    Snapshots(Qcow2Image image, Metadata metadata) throws IOException {
        this.image = image;
        this.metadata = metadata;
        layout = metadata.layout;
        SnapshotTable table = SnapshotTable.read(metadata.posix, metadata.storage, metadata.writeBack.header());
        snapshots = table.snapshots();
        storedBytes = table.storedBytes();
    }

    /** All of them, oldest first. */
    public List<Snapshot> list() {
        return snapshots;
    }

    /** Where the VM's state begins: behind all that an L1 entry of the disk maps. */
    private long vmStateStart() {
        return layout.l1EntriesFor(metadata.diskBytes()) << layout.l1EntryBits();
    }

    /**
     * Takes a snapshot of the disk as it is.
     *
     * @param name what its maker calls it
     * @param vmStateBytes of the VM's state that {@link #writeVmState} has written for it; 0 where there is none
     * @param guestClockNanos how long the guest has run
     * @throws DiskImageException UNSUPPORTED where the image has a data file, or refcounts that are too narrow
     */
    public Snapshot create(String name, long vmStateBytes, long guestClockNanos) throws IOException {
        image.beginWhole();
        try {
            return createAlone(name, vmStateBytes, guestClockNanos);
        } finally {
            image.endWhole();
        }
    }

    private Snapshot createAlone(String name, long vmStateBytes, long guestClockNanos) throws IOException {
        requireInternal();
        Instant now = Instant.now();
        long[] entries = metadata.map.l1().copy();
        for (int i = 0; i < entries.length; i++) {
            entries[i] &= ~Qcow2Layout.COPIED;
        }
        ClusterTree tree = new ClusterTree(metadata);
        Snapshot made;
        try (AtRest rest = new AtRest()) {
            tree.walk(entries, this::requireCountable);
            rest.mark();
            tree.walk(entries, (first, count) -> metadata.refcounts.add(first, count, 1));
            tree.refreshActive();
            long l1Clusters = Math.max(1, layout.clusters((long) entries.length * Long.BYTES));
            long l1Offset = allocate(l1Clusters);
            FlatTable.write(metadata.posix, metadata.storage, l1Offset, entries, l1Clusters << layout.clusterBits());
            made = new Snapshot(
                    StoredName.of(Long.toString(nextId())),
                    StoredName.of(name),
                    new TablePointer(l1Offset, entries.length),
                    now.getEpochSecond(),
                    now.getNano(),
                    guestClockNanos,
                    vmStateBytes,
                    metadata.diskBytes(),
                    -1,
                    ByteBuffer.allocate(0));
            List<Snapshot> next = new ArrayList<>(snapshots);
            next.add(made);
            replaceTable(next);
            rest.done();
        }
        long stateStart = vmStateStart();
        if (vmStateBytes > 0) {
            // The snapshot has it; here it would only be in the way of the next one.
            image.forget(stateStart, layout.roundUp(stateStart + vmStateBytes));
        }
        return made;
    }

    /**
     * Has the disk be what it was when a snapshot was taken, which stays; its size is the snapshot's.
     *
     * @param idOrName an id, or the name of the oldest one that has it
     * @throws DiskImageException NOT_FOUND
     */
    public void apply(String idOrName) throws IOException {
        image.beginWhole();
        try {
            applyAlone(find(idOrName));
            image.contentsReplaced();
        } finally {
            image.endWhole();
        }
    }

    private void applyAlone(Snapshot snapshot) throws IOException {
        requireInternal();
        snapshot.requireUsable(metadata.storage.name(), metadata.writeBack.header());
        long diskBytes = snapshot.diskBytes(metadata.diskBytes());
        long[] entries = l1Of(snapshot);
        ClusterTree tree = new ClusterTree(metadata);
        try (AtRest rest = new AtRest()) {
            tree.walk(entries, this::requireCountable);
            rest.mark();
            tree.walk(entries, (first, count) -> metadata.refcounts.add(first, count, 1));
            for (int i = 0; i < entries.length; i++) {
                entries[i] &= ~Qcow2Layout.COPIED;
            }
            long[] old = metadata.map.l1().copy();
            metadata.writeBack.switchL1(entries, header -> header.withSize(diskBytes));
            metadata.lock.lock();
            try {
                metadata.setDiskBytes(diskBytes);
            } finally {
                metadata.lock.unlock();
            }
            tree.walk(old, (first, count) -> metadata.writeBack.free(first, count, true));
            metadata.writeBack.flushFully();
            tree.refreshActive();
            rest.done();
        }
    }

    /** Deletes a snapshot; as {@link #apply}. */
    public void delete(String idOrName) throws IOException {
        image.beginWhole();
        try {
            deleteAlone(find(idOrName));
        } finally {
            image.endWhole();
        }
    }

    private void deleteAlone(Snapshot snapshot) throws IOException {
        long[] entries = l1Of(snapshot);
        ClusterTree tree = new ClusterTree(metadata);
        try (AtRest rest = new AtRest()) {
            rest.mark();
            List<Snapshot> next = new ArrayList<>(snapshots);
            next.remove(snapshot);
            replaceTable(next);
            tree.walk(entries, (first, count) -> metadata.writeBack.free(first, count, true));
            release(snapshot.l1Table().offset(), (long) snapshot.l1Table().count() * Long.BYTES);
            metadata.writeBack.flushFully();
            tree.refreshActive();
            rest.done();
        }
    }

    /** Its L1 table, and zeros for what the disk has now beyond it. */
    private long[] l1Of(Snapshot snapshot) throws IOException {
        String problem = snapshot.problem(layout);
        if (problem != null) {
            throw new DiskImageException(
                    Kind.CORRUPT, metadata.storage.name(), "its snapshot " + snapshot.id() + " " + problem);
        }
        TablePointer l1 = snapshot.l1Table();
        return FlatTable.read(metadata.posix, metadata.storage, l1.offset(), l1.count());
    }

    /** The disk at rest: no request is in progress, and all that was changed is in the storage. */
    private final class AtRest implements AutoCloseable {
        private boolean marked;

        AtRest() throws IOException {
            metadata.lock.lock();
            try {
                metadata.gate.shut();
            } finally {
                metadata.lock.unlock();
            }
            boolean flushed = false;
            try {
                metadata.writeBack.flushFully();
                flushed = true;
            } finally {
                if (!flushed) {
                    close();
                }
            }
        }

        /** From here on refcounts and flags may contradict each other, until all is done. */
        void mark() throws IOException {
            Qcow2Header header = metadata.writeBack.header();
            marked = header.version() >= 3 && !header.has(Feature.DIRTY);
            if (marked) {
                metadata.writeBack.changeHeader(present -> present.with(Feature.DIRTY));
            }
        }

        void done() throws IOException {
            metadata.writeBack.flushFully();
            if (marked) {
                metadata.writeBack.changeHeader(present -> present.without(Feature.DIRTY));
            }
        }

        @Override
        public void close() {
            metadata.lock.lock();
            try {
                metadata.gate.open();
            } finally {
                metadata.lock.unlock();
            }
        }
    }

    private void requireInternal() throws DiskImageException {
        if (metadata.externalData()) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    metadata.storage.name(),
                    "its disk's clusters lie in a data file, where each has one place; use an overlay as a snapshot");
        }
    }

    private void requireCountable(long first, long count) throws IOException {
        for (long cluster = first; cluster < first + count; cluster++) {
            if (metadata.refcounts.get(cluster) >= layout.maxRefcount()) {
                throw new DiskImageException(
                        Kind.UNSUPPORTED,
                        metadata.storage.name(),
                        "a cluster has " + layout.maxRefcount() + " references, the most that refcounts of "
                                + layout.refcountBits() + " bits count; convert the image to wider ones");
            }
        }
    }

    private long nextId() {
        long last = 0;
        for (Snapshot snapshot : snapshots) {
            String id = snapshot.id().text();
            if (id.matches("[0-9]{1,18}")) {
                last = Math.max(last, Long.parseLong(id));
            }
        }
        return last + 1;
    }

    private long allocate(long clusters) throws IOException {
        metadata.writeBack.prepare(clusters);
        metadata.lock.lock();
        try {
            return metadata.refcounts.allocateTogether(clusters) << layout.clusterBits();
        } finally {
            metadata.lock.unlock();
        }
    }

    /** Writes a table and has the header name it; the old one's room is given back. */
    private void replaceTable(List<Snapshot> next) throws IOException {
        ByteBuffer encoded = SnapshotTable.encode(next, metadata.diskBytes());
        TablePointer pointer = TablePointer.NONE;
        if (!next.isEmpty()) {
            long clusters = layout.clusters(encoded.remaining());
            long offset = allocate(clusters);
            StorageBuffer buffer = new StorageBuffer(metadata.posix, Math.toIntExact(clusters << layout.clusterBits()));
            buffer.bytes().put(0, encoded, 0, encoded.remaining());
            buffer.write(metadata.storage, offset, 0, buffer.capacity());
            pointer = new TablePointer(offset, next.size());
        }
        TablePointer newPointer = pointer;
        TablePointer old = metadata.writeBack.header().snapshotTable();
        metadata.writeBack.flushFully();
        metadata.writeBack.changeHeader(header -> header.withSnapshotTable(newPointer));
        release(old.offset(), storedBytes);
        snapshots = List.copyOf(next);
        storedBytes = encoded.remaining();
    }

    private void release(long offset, long bytes) {
        long clusters = layout.clusters(bytes);
        if (clusters > 0) {
            metadata.lock.lock();
            try {
                metadata.writeBack.free(offset >>> layout.clusterBits(), clusters, true);
            } finally {
                metadata.lock.unlock();
            }
        }
    }

    /** Finds a snapshot by its id, or else by its name. */
    private Snapshot find(String idOrName) throws DiskImageException {
        for (Snapshot snapshot : snapshots) {
            if (snapshot.id().text().equals(idOrName)) {
                return snapshot;
            }
        }
        for (Snapshot snapshot : snapshots) {
            if (snapshot.name().text().equals(idOrName)) {
                return snapshot;
            }
        }
        throw new DiskImageException(
                Kind.NOT_FOUND, metadata.storage.name(), "it has no snapshot of the id or name " + idOrName);
    }

    /**
     * Writes a part of the VM's state, for the next snapshot to keep.
     *
     * @param position bytes from its beginning on, a multiple of 512 as the length is
     */
    public void writeVmState(long position, IoVector source) throws IOException {
        long offset = vmStateOffset(position, source.totalBytes());
        metadata.writeBack.growL1(Math.toIntExact(layout.l1EntriesFor(offset + source.totalBytes())));
        image.writeBehindDisk(offset, source);
    }

    /** Reads a part of the VM's state, which applying its snapshot has brought; as {@link #writeVmState}. */
    public void readVmState(long position, IoVector target) throws IOException {
        image.readBehindDisk(vmStateOffset(position, target.totalBytes()), target);
    }

    private long vmStateOffset(long position, long length) {
        long start = vmStateStart();
        long most = layout.maxSizeBytes() - start;
        if (position < 0 || length < 0 || position > most - length || (position | length) % SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(metadata.storage.name() + ": " + length + " bytes at " + position
                    + " of the VM's state; both must be multiples of 512 within " + most);
        }
        return start + position;
    }
}
