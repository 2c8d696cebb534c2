package org.kvmbeans.export.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kvmbeans.mbeans.ImageLayer;

/** Who uses which image: disks of VMs, and images that lie on it. Immutable. */
final class ImageUsers {
    static final ImageUsers NONE = new ImageUsers();

    private final Map<Path, List<User>> users = new HashMap<>();

    /**
     * Somebody who uses an image.
     *
     * @param what he is, for a person
     * @param open whether he has it open now
     */
    record User(String what, boolean open) {}

    private ImageUsers() {}

    static ImageUsers of(Collection<DiskUse> disks, Collection<Pool> pools) {
        ImageUsers found = new ImageUsers();
        for (DiskUse disk : disks) {
            found.add(
                    ImageLocations.real(disk.path()),
                    new User("disk " + disk.disk() + " of VM " + disk.vm(), disk.open()));
        }
        for (Pool pool : pools) {
            for (PoolImage image : pool.content().images().values()) {
                found.addChain(pool, image);
            }
        }
        return found;
    }

    private void addChain(Pool pool, PoolImage image) {
        boolean open = isOpen(image.path());
        for (ImageLayer layer : image.facts().chain()) {
            if (layer.depth() > 0 && layer.problem().isEmpty()) {
                add(Path.of(layer.path()), new User("image " + pool.name() + "/" + image.name(), open));
            }
        }
    }

    private void add(Path image, User user) {
        users.computeIfAbsent(image, key -> new ArrayList<>()).add(user);
    }

    List<String> of(Path image) {
        return users.getOrDefault(image, List.of()).stream().map(User::what).toList();
    }

    boolean isOpen(Path image) {
        return users.getOrDefault(image, List.of()).stream().anyMatch(User::open);
    }
}
