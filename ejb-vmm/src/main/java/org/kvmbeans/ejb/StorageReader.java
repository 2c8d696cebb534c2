package org.kvmbeans.ejb;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import javax.management.InstanceNotFoundException;
import javax.management.ObjectName;
import org.kvmbeans.ejb.StorageView.Image;
import org.kvmbeans.ejb.StorageView.ImageDetail;
import org.kvmbeans.ejb.StorageView.Job;
import org.kvmbeans.ejb.StorageView.Pool;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.JobMXBean;

/** Reads the MBeans of pools, images and jobs. What goes while it is read is left out. */
final class StorageReader {
    private StorageReader() {}

    static StorageView read(HostMXBean host) {
        return new StorageView(
                host.getDiskPathPolicy(),
                each(host.getImageStores(), StorageReader::pool),
                jobs(host),
                Arrays.asList(host.getSecretNames()));
    }

    static List<Job> jobs(HostMXBean host) {
        return each(host.getJobs(), StorageReader::job).stream()
                .sorted(Comparator.comparing(Job::id).reversed())
                .toList();
    }

    private static <T> List<T> each(ObjectName[] names, Function<ObjectName, T> read) {
        List<T> list = new ArrayList<>();
        for (ObjectName name : names) {
            try {
                list.add(read.apply(name));
            } catch (RuntimeException e) {
                if (MBeans.server().isRegistered(name)
                        && !(Refusals.unwrapped(e) instanceof InstanceNotFoundException)) {
                    throw e;
                }
            }
        }
        return list;
    }

    private static Pool pool(ObjectName name) {
        ImageStoreMXBean pool = MBeans.imageStore(name);
        return new Pool(
                pool.getName(),
                pool.getPath(),
                Arrays.asList(pool.getBackingDirectories()),
                pool.getUsage(),
                Arrays.asList(pool.getUnregisteredFiles()),
                pool.getLastError(),
                each(pool.getImages(), StorageReader::image));
    }

    private static Image image(ObjectName name) {
        return image(MBeans.image(name));
    }

    private static Image image(ImageMXBean image) {
        return new Image(
                image.getPool(),
                image.getName(),
                image.getFormat(),
                image.getSizeBytes(),
                image.getFileBytes(),
                image.getAllocatedBytes(),
                image.getEncryption(),
                Arrays.asList(image.getUsers()),
                image.isInUse(),
                image.isDirty(),
                image.isCorrupt(),
                image.getLastError());
    }

    static ImageDetail detail(ImageMXBean image) {
        return new ImageDetail(
                image(image),
                image.getPath(),
                image.getClusterBytes(),
                image.getSecret(),
                Arrays.stream(image.getKeySlots()).boxed().toList(),
                image.getExportUri(),
                Arrays.asList(image.getBackingChain()),
                Arrays.asList(image.getSnapshots()),
                Arrays.asList(image.getDirtyBitmaps()));
    }

    static Job job(ObjectName name) {
        JobMXBean job = MBeans.job(name);
        String vm = name.getKeyProperty("vm");
        return new Job(
                job.getId(),
                job.getKind(),
                vm == null ? "pool " + name.getKeyProperty("pool") : "VM " + vm,
                job.getSubject(),
                job.getStatus(),
                job.getCreatedMillis(),
                job.getStartedMillis(),
                job.getEndedMillis(),
                job.getError(),
                job.getResult(),
                job.getFigures());
    }
}
