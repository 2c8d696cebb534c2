package org.kvmbeans.block.qcow2;

import java.io.IOException;

/** Changes the size of the disk. One at a time. */
final class Resizing {
    private final Metadata metadata;
    private final Qcow2Layout layout;
    private final DiskReader reader;
    private final Zeroing zeroing;

    Resizing(Metadata metadata, DiskReader reader, Zeroing zeroing) {
        this.metadata = metadata;
        this.layout = metadata.layout;
        this.reader = reader;
        this.zeroing = zeroing;
    }

    /**
     * What is added reads as zeros: what may be found there, in the last cluster or in a backing file that is larger, is
     * made zeros before the disk reaches that far.
     */
    void grow(long newBytes, Scratch scratch) throws IOException {
        long oldBytes = metadata.diskBytes();
        metadata.writeBack.growL1(Math.toIntExact(layout.l1EntriesFor(newBytes)));
        Backing below = reader.backing();
        long dirtyEnd = Math.max(layout.roundUp(oldBytes), below == null ? 0 : below.sizeBytes());
        long zeroEnd = Math.min(newBytes, dirtyEnd);
        if (zeroEnd > oldBytes) {
            zeroing.zero(oldBytes, zeroEnd - oldBytes, true, scratch);
        }
        if (metadata.externalData() && metadata.data.sizeBytes() < newBytes) {
            metadata.data.resize(newBytes);
        }
        setSize(newBytes);
    }

    /** What is cut off is given back first, so that it does not show again should the disk grow. */
    void shrink(long newBytes) throws IOException {
        metadata.lock.lock();
        try {
            metadata.gate.shut();
        } finally {
            metadata.lock.unlock();
        }
        long oldBytes = metadata.diskBytes();
        try {
            metadata.lock.lock();
            try {
                // From here on requests beyond are refused; those that are waiting find nothing there.
                metadata.setDiskBytes(newBytes);
            } finally {
                metadata.gate.open();
                metadata.lock.unlock();
            }
            zeroing.forget(layout.roundUp(newBytes), layout.roundUp(oldBytes));
            dropTables(newBytes, oldBytes);
            metadata.writeBack.flush();
            setSize(newBytes);
        } catch (IOException | RuntimeException e) {
            metadata.lock.lock();
            try {
                metadata.setDiskBytes(oldBytes);
            } finally {
                metadata.lock.unlock();
            }
            throw e;
        }
        if (metadata.externalData()) {
            metadata.data.resize(newBytes);
        }
    }

    /** L2 tables that map nothing but what is cut off. */
    private void dropTables(long newBytes, long oldBytes) throws IOException {
        int first = (int) layout.l1EntriesFor(newBytes);
        int last = (int) layout.l1EntriesFor(oldBytes);
        metadata.lock.lock();
        try {
            FlatTable l1 = metadata.map.l1();
            for (int index = first; index < Math.min(last, l1.length()); index++) {
                long table = l1.get(index) & Qcow2Layout.L1_OFFSET_MASK;
                if (table != 0) {
                    metadata.map.cache().forget(table, layout.clusterBytes());
                    l1.set(index, 0);
                    metadata.writeBack.free(table >>> layout.clusterBits(), 1, true);
                }
            }
        } finally {
            metadata.lock.unlock();
        }
    }

    private void setSize(long newBytes) throws IOException {
        metadata.writeBack.flush();
        metadata.writeBack.changeHeader(header -> header.withSize(newBytes));
        metadata.lock.lock();
        try {
            metadata.setDiskBytes(newBytes);
        } finally {
            metadata.lock.unlock();
        }
    }
}
