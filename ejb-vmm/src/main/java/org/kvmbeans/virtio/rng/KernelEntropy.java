package org.kvmbeans.virtio.rng;

import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/** Entropy of the host's kernel, written straight into the target: getrandom(2). May be used from any thread. */
public final class KernelEntropy implements EntropySource {
    /** Fails instead of waiting for a pool that has not been initialised yet. */
    private static final int GRND_NONBLOCK = 0x1;

    private final Posix posix;

    public KernelEntropy(Posix posix) {
        this.posix = posix;
    }

    @Override
    public long fill(IoVector target) {
        long filled = 0;
        for (int segment = 0; segment < target.count(); segment++) {
            long address = target.segmentAddress(segment);
            long bytes = target.segmentBytes(segment);
            for (long done = 0; done < bytes; ) {
                // A signal cuts long requests short: a smaller count, or EINTR.
                long count = posix.getrandom(address + done, bytes - done, GRND_NONBLOCK);
                if (count <= 0 && count != -Errno.EINTR) {
                    return filled > 0 || count == -Errno.EAGAIN ? filled : count;
                }
                done += Math.max(0, count);
                filled += Math.max(0, count);
            }
        }
        return filled;
    }
}
