package org.kvmbeans.export.storage;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.crypto.KeySlots;
import org.kvmbeans.block.crypto.LuksImage;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.qcow2.Qcow2Image;
import org.kvmbeans.export.job.Job;
import org.kvmbeans.export.job.JobOutcome;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.JobKind;

/** The key slots of encrypted images: each change is a job, since trying a passphrase is made to take its time. */
final class ImageKeys {
    private final ImageAccess access;
    private final Secrets secrets;
    private final ImageJobs jobs;

    ImageKeys(ImageAccess access, Secrets secrets, ImageJobs jobs) {
        this.access = access;
        this.secrets = secrets;
        this.jobs = jobs;
    }

    /** Changes the key slots of an image that is open. */
    private interface Change {
        String on(KeySlots slots, byte[] present) throws IOException;
    }

    /** Lets another secret open the image as well. */
    Job add(Pool pool, PoolImage image, String secret) {
        requireSecret(secret);
        return start(pool, image, JobKind.KEY_ADD, (slots, present) -> {
            byte[] added = secrets.read(secret);
            try {
                return "slot " + slots.add(present, added, LuksOptions.DEFAULT_ITERATION_MILLIS) + " has secret "
                        + secret;
            } finally {
                Arrays.fill(added, (byte) 0);
            }
        });
    }

    /** Puts another secret in the place of the one that opens the image. */
    Job change(Pool pool, PoolImage image, String secret) {
        requireSecret(secret);
        return start(pool, image, JobKind.KEY_CHANGE, (slots, present) -> {
            byte[] replacement = secrets.read(secret);
            try {
                int slot = slots.change(present, replacement, LuksOptions.DEFAULT_ITERATION_MILLIS);
                pool.register(
                        image.name(), new ImageRegistry.Entry(image.entry().format(), secret));
                return "slot " + slot + " has secret " + secret + ", and the former one opens the image no more";
            } finally {
                Arrays.fill(replacement, (byte) 0);
            }
        });
    }

    /** Removes the passphrase of a slot, of which another slot opens the image. */
    Job remove(Pool pool, PoolImage image, int slot) {
        return start(pool, image, JobKind.KEY_REMOVE, (slots, present) -> {
            slots.remove(slot, present);
            return "slot " + slot + " is free";
        });
    }

    private void requireSecret(String secret) {
        if (!secrets.has(secret)) {
            throw new IllegalArgumentException(
                    "secret is \"" + secret + "\"; there is none of that name: define it with Host.defineSecret");
        }
    }

    private Job start(Pool pool, PoolImage image, JobKind kind, Change change) {
        if (image.facts().encryption() != ImageEncryption.LUKS) {
            throw new IllegalArgumentException(
                    "image " + pool.name() + "/" + image.name() + " has no key slots: it is not encrypted with LUKS");
        }
        return jobs.start(kind, pool, image.name(), Set.of(image.path()), ImageAccess.files(image), control -> {
            try (DiskImage disk = access.open(image, Access.READ_WRITE)) {
                byte[] present = access.passphrase(image.path());
                try {
                    return JobOutcome.of(change.on(slots(image, disk), present));
                } finally {
                    Arrays.fill(present, (byte) 0);
                }
            }
        });
    }

    private static KeySlots slots(PoolImage image, DiskImage disk) throws DiskImageException {
        KeySlots slots = disk instanceof LuksImage luks
                ? luks.keySlots()
                : disk instanceof Qcow2Image qcow2 ? qcow2.keySlots() : null;
        if (slots == null) {
            throw new DiskImageException(Kind.UNSUPPORTED, image.path().toString(), "it has no key slots");
        }
        return slots;
    }
}
