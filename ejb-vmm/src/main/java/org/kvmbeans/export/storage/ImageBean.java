package org.kvmbeans.export.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.management.ObjectName;
import org.kvmbeans.block.Access;
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
    public int[] getKeySlots() {
        return image().facts().keySlots().stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public String getExportUri() {
        return stores.exports().uri(image().path());
    }

    @Override
    public String getSecret() {
        return image().entry().secret();
    }

    @Override
    public String[] getUsers() {
        List<String> users = new ArrayList<>(stores.use().users().of(image().path()));
        job().ifPresent(job ->
                users.add("job " + job.id() + " (" + job.request().kind() + ")"));
        return users.toArray(String[]::new);
    }

    private Optional<Job> job() {
        return stores.jobs().userOf(image().path());
    }

    @Override
    public boolean isInUse() {
        return stores.use().users().isOpen(image().path()) || job().isPresent();
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
        return stores.contents().read(image(), offset, length);
    }

    @Override
    public ObjectName convert(String targetPool, String targetName, String format, String options) {
        return stores.operations()
                .convert(pool, image(), stores.pools().pool(targetPool), targetName, Formats.parse(format), options)
                .objectName();
    }

    @Override
    public ObjectName check() {
        return stores.operations().check(pool, image()).objectName();
    }

    @Override
    public ObjectName repair(String what) {
        return stores.operations().repair(pool, image(), what).objectName();
    }

    @Override
    public ObjectName resize(long bytes) {
        return stores.operations().resize(pool, image(), bytes).objectName();
    }

    @Override
    public ObjectName compare(String otherPool, String otherName) {
        return stores.operations()
                .compare(pool, image(), stores.pools().image(otherPool, otherName))
                .objectName();
    }

    @Override
    public ObjectName measure(String format, String options) {
        return stores.operations()
                .measure(pool, image(), Formats.parse(format), options)
                .objectName();
    }

    @Override
    public ObjectName rebase(String backing, String contents) {
        return stores.operations().rebase(pool, image(), backing, contents).objectName();
    }

    @Override
    public ObjectName commit() {
        return stores.operations().commit(pool, image()).objectName();
    }

    @Override
    public ObjectName stream() {
        return stores.operations().stream(pool, image()).objectName();
    }

    @Override
    public ObjectName createSnapshot(String snapshot) {
        return stores.operations().createSnapshot(pool, image(), snapshot).objectName();
    }

    @Override
    public ObjectName applySnapshot(String snapshot) {
        return stores.operations().applySnapshot(pool, image(), snapshot).objectName();
    }

    @Override
    public ObjectName deleteSnapshot(String snapshot) {
        return stores.operations().deleteSnapshot(pool, image(), snapshot).objectName();
    }

    @Override
    public ObjectName addKey(String secret) {
        return stores.keys().add(pool, image(), secret).objectName();
    }

    @Override
    public ObjectName changeKey(String secret) {
        return stores.keys().change(pool, image(), secret).objectName();
    }

    @Override
    public ObjectName removeKey(int slot) {
        return stores.keys().remove(pool, image(), slot).objectName();
    }

    @Override
    public String startExport(String host, int port, boolean writable) {
        return stores.exports().start(pool, image(), host, port, writable ? Access.READ_WRITE : Access.READ_ONLY);
    }

    @Override
    public void stopExport() {
        stores.exports().stop(image().path());
    }

    @Override
    public String map(long offset, int most) {
        return stores.contents().map(image(), offset, most);
    }

    @Override
    public void useSecret(String secret) {
        stores.useSecret(pool, image(), secret);
    }

    @Override
    public void unregister() {
        stores.use().requireUnused(pool, image(), "unregistered");
        pool.unregister(name);
    }

    @Override
    public void delete() {
        stores.delete(pool, image());
    }
}
