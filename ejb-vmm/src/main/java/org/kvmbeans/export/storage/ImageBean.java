package org.kvmbeans.export.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.mbeans.DirtyBitmap;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ImageSnapshot;

/** An image of a pool for its operators. */
final class ImageBean implements ImageMXBean {
    private final ImageStores stores;
    private final Pool pool;
    private final String name;

    ImageBean(ImageStores stores, Pool pool, String name) {
        this.stores = stores;
        this.pool = pool;
        this.name = name;
    }

    private PoolImage image() {
        return pool.image(name)
                .orElseThrow(
                        () -> new IllegalStateException("pool " + pool.name() + " has no image " + name + " any more"));
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public String getPool() {
        return pool.name();
    }

    @Override
    public String getPath() {
        return image().path().toString();
    }

    @Override
    public String getFormat() {
        return image().entry().format().text();
    }

    @Override
    public long getSizeBytes() {
        return image().facts().sizeBytes();
    }

    @Override
    public long getFileBytes() {
        return image().file().bytes();
    }

    @Override
    public long getAllocatedBytes() {
        return Math.max(0, image().file().allocatedBytes());
    }

    @Override
    public long getClusterBytes() {
        return image().facts().clusterBytes();
    }

    @Override
    public ImageLayer[] getBackingChain() {
        return image().facts().chain().toArray(ImageLayer[]::new);
    }

    @Override
    public ImageSnapshot[] getSnapshots() {
        return image().facts().snapshots().toArray(ImageSnapshot[]::new);
    }

    @Override
    public DirtyBitmap[] getDirtyBitmaps() {
        return image().facts().bitmaps().toArray(DirtyBitmap[]::new);
    }

    @Override
    public ImageEncryption getEncryption() {
        return image().facts().encryption();
    }

    @Override
    public String[] getUsers() {
        List<String> users = new ArrayList<>(stores.users().of(image().path()));
        job().ifPresent(job ->
                users.add("job " + job.id() + " (" + job.request().kind() + ")"));
        return users.toArray(String[]::new);
    }

    private Optional<Job> job() {
        return stores.jobs().userOf(image().path());
    }

    @Override
    public boolean isInUse() {
        return stores.users().isOpen(image().path()) || job().isPresent();
    }

    @Override
    public boolean isDirty() {
        return image().facts().dirty();
    }

    @Override
    public boolean isCorrupt() {
        return image().facts().corrupt();
    }

    @Override
    public String getLastError() {
        return image().facts().problem();
    }

    @Override
    public String read(long offset, int length) {
        return stores.read(image(), offset, length);
    }

    @Override
    public void unregister() {
        stores.requireUnused(pool, image(), "unregistered");
        pool.unregister(name);
    }

    @Override
    public void delete() {
        stores.delete(pool, image());
    }
}
