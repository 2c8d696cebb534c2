package org.kvmbeans.export.storage;

import javax.management.ObjectName;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.StoreUsage;

/** A pool for its operators. */
final class ImageStoreBean implements ImageStoreMXBean {
    private final ImageStores stores;
    private final Pool pool;

    ImageStoreBean(ImageStores stores, Pool pool) {
        this.stores = stores;
        this.pool = pool;
    }

    @Override
    public String getName() {
        return pool.name();
    }

    @Override
    public String getPath() {
        return pool.configuration().directory().toString();
    }

    @Override
    public String[] getBackingDirectories() {
        return pool.configuration().backingDirectories().stream()
                .map(Object::toString)
                .toArray(String[]::new);
    }

    @Override
    public long getQuotaBytes() {
        return pool.configuration().quotaBytes();
    }

    @Override
    public long getUsedBytes() {
        return pool.content().usedBytes();
    }

    @Override
    public long getRemainingBytes() {
        return pool.remainingBytes();
    }

    @Override
    public long getCapacityBytes() {
        return pool.content().capacityBytes();
    }

    @Override
    public long getFreeBytes() {
        return pool.content().freeBytes();
    }

    @Override
    public int getImageCount() {
        return pool.content().images().size();
    }

    @Override
    public StoreUsage getUsage() {
        PoolContent content = pool.content();
        return new StoreUsage(
                getQuotaBytes(),
                content.usedBytes(),
                pool.remainingBytes(),
                content.capacityBytes(),
                content.freeBytes(),
                content.images().size());
    }

    @Override
    public ObjectName[] getImages() {
        return pool.content().images().keySet().stream()
                .map(name -> ObjectNames.image(pool.name(), name))
                .toArray(ObjectName[]::new);
    }

    @Override
    public String[] getUnregisteredFiles() {
        return pool.content().unregistered().toArray(String[]::new);
    }

    @Override
    public ObjectName[] getJobs() {
        return stores.jobs().namesOf(Owner.pool(pool.name())).toArray(ObjectName[]::new);
    }

    @Override
    public String getLastError() {
        return pool.content().problem();
    }

    @Override
    public void refresh() {
        pool.refresh();
        stores.use().refresh();
    }

    @Override
    public ObjectName create(String name, String format, long bytes, String options) {
        return stores.operations()
                .create(pool, name, Formats.parse(format), bytes, options)
                .objectName();
    }

    @Override
    public ObjectName register(String name, String format) {
        pool.register(name, new ImageRegistry.Entry(Formats.parse(format), ""));
        return ObjectNames.image(pool.name(), name);
    }

    @Override
    public ObjectName beginUpload(String name, String format, long bytes) {
        return stores.uploads().begin(pool, name, Formats.parse(format), bytes).objectName();
    }

    @Override
    public void appendUpload(long id, long offset, String base64) {
        stores.uploads().append(pool, id, offset, base64);
    }

    @Override
    public ObjectName finishUpload(long id) {
        return ObjectNames.image(pool.name(), stores.uploads().finish(pool, id));
    }
}
