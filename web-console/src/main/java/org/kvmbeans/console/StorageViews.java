package org.kvmbeans.console;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import org.kvmbeans.ejb.StorageView;
import org.kvmbeans.mbeans.DirtyBitmap;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.ImageSnapshot;
import org.kvmbeans.mbeans.JobProgress;
import org.kvmbeans.mbeans.StoreUsage;

/** The JSON that the page gets of pools, images and jobs: the services' records, under the same names. */
final class StorageViews {
    private StorageViews() {}

    static JsonObject storage(StorageView view) {
        JsonArrayBuilder pools = Json.createArrayBuilder();
        view.pools().forEach(pool -> pools.add(pool(pool)));
        JsonArrayBuilder jobs = Json.createArrayBuilder();
        view.jobs().forEach(job -> jobs.add(job(job)));
        return Json.createObjectBuilder()
                .add("policy", view.policy().name())
                .add("pools", pools)
                .add("jobs", jobs)
                .add("secrets", Json.createArrayBuilder(view.secrets()))
                .build();
    }

    private static JsonObjectBuilder pool(StorageView.Pool pool) {
        JsonArrayBuilder images = Json.createArrayBuilder();
        pool.images().forEach(image -> images.add(image(image)));
        StoreUsage usage = pool.usage();
        return Json.createObjectBuilder()
                .add("name", pool.name())
                .add("path", pool.path())
                .add("backingDirectories", Json.createArrayBuilder(pool.backingDirectories()))
                .add("quotaBytes", usage.quotaBytes())
                .add("usedBytes", usage.usedBytes())
                .add("remainingBytes", usage.remainingBytes())
                .add("capacityBytes", usage.capacityBytes())
                .add("freeBytes", usage.freeBytes())
                .add("unregisteredFiles", Json.createArrayBuilder(pool.unregisteredFiles()))
                .add("lastError", pool.lastError())
                .add("images", images);
    }

    private static JsonObjectBuilder image(StorageView.Image image) {
        return Json.createObjectBuilder()
                .add("pool", image.pool())
                .add("name", image.name())
                .add("format", image.format())
                .add("sizeBytes", image.sizeBytes())
                .add("fileBytes", image.fileBytes())
                .add("allocatedBytes", image.allocatedBytes())
                .add("encryption", image.encryption().name())
                .add("users", Json.createArrayBuilder(image.users()))
                .add("inUse", image.inUse())
                .add("dirty", image.dirty())
                .add("corrupt", image.corrupt())
                .add("lastError", image.lastError());
    }

    static JsonObject detail(StorageView.ImageDetail detail) {
        JsonArrayBuilder chain = Json.createArrayBuilder();
        detail.chain().forEach(layer -> chain.add(layer(layer)));
        JsonArrayBuilder snapshots = Json.createArrayBuilder();
        detail.snapshots().forEach(snapshot -> snapshots.add(snapshot(snapshot)));
        JsonArrayBuilder bitmaps = Json.createArrayBuilder();
        detail.bitmaps().forEach(bitmap -> bitmaps.add(bitmap(bitmap)));
        return image(detail.image())
                .add("path", detail.path())
                .add("clusterBytes", detail.clusterBytes())
                .add("secret", detail.secret())
                .add("keySlots", Json.createArrayBuilder(detail.keySlots()))
                .add("exportUri", detail.exportUri())
                .add("chain", chain)
                .add("snapshots", snapshots)
                .add("bitmaps", bitmaps)
                .build();
    }

    private static JsonObjectBuilder layer(ImageLayer layer) {
        return Json.createObjectBuilder()
                .add("depth", layer.depth())
                .add("path", layer.path())
                .add("format", layer.format())
                .add("sizeBytes", layer.sizeBytes())
                .add("allocatedBytes", layer.allocatedBytes())
                .add("problem", layer.problem());
    }

    private static JsonObjectBuilder snapshot(ImageSnapshot snapshot) {
        return Json.createObjectBuilder()
                .add("id", snapshot.id())
                .add("name", snapshot.name())
                .add("createdMillis", snapshot.createdMillis())
                .add("sizeBytes", snapshot.sizeBytes())
                .add("vmStateBytes", snapshot.vmStateBytes());
    }

    private static JsonObjectBuilder bitmap(DirtyBitmap bitmap) {
        return Json.createObjectBuilder()
                .add("name", bitmap.name())
                .add("granularityBytes", bitmap.granularityBytes())
                .add("recording", bitmap.recording())
                .add("inconsistent", bitmap.inconsistent());
    }

    private static JsonObjectBuilder job(StorageView.Job job) {
        JsonObjectBuilder figures = Json.createObjectBuilder();
        job.figures().forEach(figures::add);
        JobProgress status = job.status();
        return Json.createObjectBuilder()
                .add("id", job.id())
                .add("kind", job.kind().name())
                .add("owner", job.owner())
                .add("subject", job.subject())
                .add("state", status.state().name())
                .add("doneBytes", status.doneBytes())
                .add("totalBytes", status.totalBytes())
                .add("bytesPerSecond", status.bytesPerSecond())
                .add("remainingMillis", status.remainingMillis())
                .add("createdMillis", job.createdMillis())
                .add("startedMillis", job.startedMillis())
                .add("endedMillis", job.endedMillis())
                .add("error", job.error())
                .add("result", job.result())
                .add("figures", figures);
    }
}
