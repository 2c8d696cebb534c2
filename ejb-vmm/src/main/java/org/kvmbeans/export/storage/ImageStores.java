package org.kvmbeans.export.storage;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.management.ObjectName;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.export.jmx.Notifications;
import org.kvmbeans.export.jmx.Registrar;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.export.job.Jobs;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.device.DiskOpener;
import org.kvmbeans.mbeans.DiskPathPolicy;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.Posix;

/**
 * The disk images of a host: its pools, the jobs on them, and who uses what. Any thread may call.
 *
 * <p>Readings tell what the last look found, which a thread of its own takes every {@value #PERIOD_SECONDS} seconds: a slow
 * file system holds up no reader.
 */
public final class ImageStores implements AutoCloseable {
    private static final int PERIOD_SECONDS = 5;
    private static final Logger LOGGER = System.getLogger(ImageStores.class.getName());

    private final Posix posix;
    private final Registrar registrar;
    private final PoolsFile file;
    private final Secrets secrets;
    private final ImageInspector inspector;
    private final ImageAccess access;
    private final ImageJobs operations;
    private final ImageKeys keys;
    private final DiskJobs diskOperations;
    private final Exports exports;
    private final Jobs jobs;
    private final Uploads uploads;
    private final ImageUse use;
    private final ImageContents contents;
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "kvmbeans-storage");
        thread.setDaemon(true);
        return thread;
    });

    private final OpenPools pools = new OpenPools();
    private volatile StoreConfiguration configuration;
    private volatile ImageLocations locations;

    private ImageStores(
            Path home,
            Posix posix,
            Registrar registrar,
            Notifications notifications,
            Notifications.Source hostSource,
            Supplier<Collection<DiskUse>> disks)
            throws IOException {
        this.posix = posix;
        this.registrar = registrar;
        file = new PoolsFile(home);
        secrets = new Secrets(home);
        inspector = new ImageInspector(posix);
        access = new ImageAccess(posix, this, secrets);
        operations = new ImageJobs(posix, this, access);
        keys = new ImageKeys(access, secrets, operations);
        configuration = file.load();
        locations = new ImageLocations(configuration);
        jobs = new Jobs(registrar, notifications, hostSource, this::jobEnded);
        use = new ImageUse(pools, disks, jobs);
        contents = new ImageContents(posix, access);
        diskOperations = new DiskJobs(posix, this, access);
        exports = new Exports(posix, jobs, access);
        uploads = new Uploads(jobs, inspector, image -> locations.rulesFor(image));
    }

    /**
     * Opens the pools of a home. One whose directory cannot be used is left out, and the log tells.
     *
     * @param disks the disks of all VMs
     * @throws IOException where the configuration of pools cannot be used
     */
    public static ImageStores open(
            Path home,
            Posix posix,
            Registrar registrar,
            Notifications notifications,
            Notifications.Source hostSource,
            Supplier<Collection<DiskUse>> disks)
            throws IOException {
        ImageStores stores = new ImageStores(home, posix, registrar, notifications, hostSource, disks);
        for (PoolConfiguration pool : stores.configuration.pools()) {
            try {
                stores.open(pool);
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, "pool " + pool.name() + " is left out: " + e.getMessage());
            }
        }
        ScheduledFuture<?> unused =
                stores.ticker.scheduleWithFixedDelay(stores::tick, 0, PERIOD_SECONDS, TimeUnit.SECONDS);
        return stores;
    }

    private void open(PoolConfiguration poolConfiguration) throws IOException {
        Pool pool = Pool.open(this, poolConfiguration, posix, registrar);
        pool.refresh();
        pools.add(pool);
        try {
            registrar.register(
                    ObjectNames.imageStore(pool.name()), new ImageStoreBean(this, pool), ImageStoreMXBean.class);
        } catch (RuntimeException e) {
            pools.remove(pool.name());
            pool.close();
            throw e;
        }
    }

    private void tick() {
        try {
            pools.refresh();
            use.refresh();
            uploads.expire();
            jobs.expire();
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "the look at the pools failed", e); // and is taken again
        }
    }

    private void jobEnded(Job job) {
        Owner owner = job.request().owner();
        Pool pool = owner.type() == Owner.Type.POOL ? pools.find(owner.name()) : null;
        if (pool != null) {
            pool.refresh();
        }
        use.refresh();
    }

    /** The jobs of the host. */
    public Jobs jobs() {
        return jobs;
    }

    Uploads uploads() {
        return uploads;
    }

    ImageInspector inspector() {
        return inspector;
    }

    /** The pools that are open, and the images in them. */
    OpenPools pools() {
        return pools;
    }

    /** Who uses which image. */
    ImageUse use() {
        return use;
    }

    /** What images hold. */
    ImageContents contents() {
        return contents;
    }

    /** The pools' MBeans, by name. */
    public List<ObjectName> names() {
        return pools.all().stream()
                .map(pool -> ObjectNames.imageStore(pool.name()))
                .toList();
    }

    /** Where images may lie. */
    public DiskPathPolicy policy() {
        return configuration.policy();
    }

    /** The names of the secrets. */
    public List<String> secretNames() {
        return secrets.names();
    }

    /** Keeps a secret, or replaces it. */
    public void defineSecret(String name, String value) {
        secrets.define(name, value);
    }

    /** Forgets a secret. */
    public void removeSecret(String name) {
        secrets.remove(name);
    }

    /** Changes where images may lie. */
    public synchronized void changePolicy(String policy) {
        DiskPathPolicy chosen = Arrays.stream(DiskPathPolicy.values())
                .filter(value -> value.name().equals(policy))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "policy is \"" + policy + "\"; give one of " + Arrays.toString(DiskPathPolicy.values())));
        configure(new StoreConfiguration(chosen, configuration.pools()));
    }

    /** Makes a directory a pool. */
    public synchronized ObjectName addPool(PoolConfiguration pool) {
        ObjectName name = ObjectNames.imageStore(pool.name());
        requireDifferent(pool);
        StoreConfiguration before = configuration;
        List<PoolConfiguration> all = new ArrayList<>(before.pools());
        all.add(pool);
        configure(new StoreConfiguration(before.policy(), all));
        try {
            open(pool);
            return name;
        } catch (IOException | RuntimeException e) {
            configure(before);
            throw new IllegalArgumentException(
                    "path is \"" + pool.directory() + "\"; it cannot be used: " + e.getMessage(), e);
        }
    }

    private void requireDifferent(PoolConfiguration pool) {
        Path real = ImageLocations.real(pool.directory());
        for (PoolConfiguration other : configuration.pools()) {
            Path otherReal = ImageLocations.real(other.directory());
            if (other.name().equals(pool.name())) {
                throw new IllegalArgumentException(
                        "name is \"" + pool.name() + "\"; a pool of that name is there: choose another name");
            }
            if (real.startsWith(otherReal) || otherReal.startsWith(real)) {
                throw new IllegalArgumentException("path is \"" + pool.directory() + "\"; it lies in pool "
                        + other.name() + ", or that one in it: give a directory apart from " + other.directory());
            }
        }
    }

    /** Forgets a pool; its files stay. */
    public synchronized void removePool(String name) {
        Pool pool = pools.find(name);
        Optional<PoolConfiguration> known = configuration.pool(name);
        if (known.isEmpty()) {
            throw new IllegalArgumentException("name is \"" + name + "\"; there is no such pool: see ImageStores");
        }
        requireNoJobIn(name);
        List<PoolConfiguration> left = new ArrayList<>(configuration.pools());
        left.remove(known.get());
        configure(new StoreConfiguration(configuration.policy(), left));
        if (pool != null) {
            pools.remove(name);
            registrar.unregister(ObjectNames.imageStore(name));
            pool.close();
        }
        jobs.forgetAll(Owner.pool(name));
    }

    private void requireNoJobIn(String pool) {
        for (Job job : jobs.all()) {
            if (job.request().owner().equals(Owner.pool(pool)) && !job.state().ended()) {
                throw new IllegalStateException("job " + job.id() + " ("
                        + job.request().kind() + ") works in pool " + pool + "; wait for its end, or cancel it");
            }
        }
    }

    private void configure(StoreConfiguration changed) {
        try {
            file.save(changed);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "nothing is changed: " + file.file() + " could not be written: " + e.getMessage(), e);
        }
        configuration = changed;
        locations = new ImageLocations(changed);
    }

    /** The operations on images. */
    ImageJobs operations() {
        return operations;
    }

    /** The operations on disks of VMs that are on. */
    public DiskJobs diskOperations() {
        return diskOperations;
    }

    /** The key slots of encrypted images. */
    ImageKeys keys() {
        return keys;
    }

    /** The images that are offered over NBD. */
    Exports exports() {
        return exports;
    }

    /** Where images may lie. */
    ImageLocations locations() {
        return locations;
    }

    /** Opens the image of a VM's disk, by the rules of where it lies. */
    public DiskImage openDisk(DiskDefinition disk) throws IOException {
        Path path = disk.path();
        String problem = locations.problemOfDefinition(path);
        if (!problem.isEmpty()) {
            throw new DiskImageException(DiskImageException.Kind.DENIED, path.toString(), problem);
        }
        OpenOptions options = access.options(path, DiskOpener.accessOf(disk), disk.cache(), disk.secret());
        return access.opener().open(path.toString(), disk.format(), options);
    }

    /** Names the secret that opens an encrypted image. */
    void useSecret(Pool pool, PoolImage image, String secret) {
        requireSecret(secret);
        pool.register(image.name(), new ImageRegistry.Entry(image.entry().format(), secret));
    }

    /** Refuses the name of a secret that is not there; an empty one stands for none. */
    void requireSecret(String secret) {
        if (!secret.isEmpty() && !secrets.has(secret)) {
            throw new IllegalArgumentException(
                    "secret is \"" + secret + "\"; there is none of that name: define it with Host.defineSecret");
        }
    }

    /** Deletes an image that nobody uses. */
    void delete(Pool pool, PoolImage image) {
        use.requireUnused(pool, image, "deleted");
        if (image.file().key() != null) {
            OpenOptions options = new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK);
            // The lock shows whether another process has it.
            try (HostFile locked = HostFile.open(posix, image.path().toString(), options)) {
                LOGGER.log(Level.INFO, "deleting " + locked.name());
                pool.delete(image.name());
            } catch (IOException e) {
                throw new IllegalStateException(String.valueOf(e.getMessage()), e);
            }
        } else {
            pool.delete(image.name());
        }
        use.refresh();
    }

    /**
     * What is wrong with a disk that a definition names, and what would be right; empty where nothing is. Its format must be
     * the one that is known of the image.
     *
     * @param prefix of the key in the message, such as {@code disks[0].}
     */
    public Optional<String> problemOf(Path path, DiskFormat format, String prefix) {
        String problem = locations.problemOfDefinition(path);
        if (!problem.isEmpty()) {
            return Optional.of(prefix + "path is \"" + path + "\"; " + problem);
        }
        return pools.imageAt(path)
                .filter(image -> image.entry().format() != format)
                .map(image -> prefix + "format is \"" + format.text() + "\"; the image is registered as "
                        + image.entry().format().text() + " in its pool: give that, or register it anew");
    }

    /** Makes an image of a file that a definition names and that lies in a pool; the administrator has said its format. */
    public void registerDisk(Path path, DiskFormat format) {
        Path real = ImageLocations.real(path);
        for (Pool pool : pools.all()) {
            if (pool.directory().equals(real.getParent()) && pools.imageAt(path).isEmpty()) {
                String name = String.valueOf(real.getFileName());
                if (ObjectNames.IMAGE_NAME.matcher(name).matches()) {
                    registerQuietly(pool, name, format);
                }
            }
        }
        use.refresh();
    }

    private static void registerQuietly(Pool pool, String name, DiskFormat format) {
        try {
            pool.register(name, new ImageRegistry.Entry(format, ""));
        } catch (RuntimeException e) {
            // The disk works all the same; the image can be registered by hand.
            LOGGER.log(Level.WARNING, "image " + pool.name() + "/" + name + " is not registered: " + e.getMessage());
        }
    }

    /** Ends the jobs, and takes all MBeans away. */
    @Override
    public void close() {
        ticker.shutdownNow();
        jobs.close();
        for (Pool pool : pools.all()) {
            registrar.unregister(ObjectNames.imageStore(pool.name()));
            pool.close();
        }
        pools.clear();
    }
}
