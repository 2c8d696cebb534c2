package org.kvmbeans.block.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Clusters of the disk whose entries are about to change: whoever copies or writes their data holds them, and others who
 * would change them too wait. The metadata's lock guards it.
 */
final class InFlight {
    /** Clusters that are held, by their numbers on the disk. */
    static final class Claim {
        private final long first;
        private final long end;

        private Claim(long first, long end) {
            this.first = first;
            this.end = end;
        }

        long first() {
            return first;
        }

        long end() {
            return end;
        }
    }

    private final List<Claim> claims = new ArrayList<>();
    private final Condition released;
    private long releases;

    InFlight(ReentrantLock lock) {
        released = lock.newCondition();
    }

    /** A claim on any of the clusters, or null. */
    @Nullable
    Claim overlapping(long first, long end) {
        for (int i = 0; i < claims.size(); i++) {
            Claim claim = claims.get(i);
            if (claim.first() < end && first < claim.end()) {
                return claim;
            }
        }
        return null;
    }

    /** The first cluster of a claim from {@code first} on, or {@code end}. */
    long firstClaimed(long first, long end) {
        long nearest = end;
        for (int i = 0; i < claims.size(); i++) {
            Claim claim = claims.get(i);
            if (claim.first() < nearest && first < claim.end()) {
                nearest = Math.max(first, claim.first());
            }
        }
        return nearest;
    }

    /** Claims clusters that nobody holds. */
    Claim claim(long first, long end) {
        Claim claim = new Claim(first, end);
        claims.add(claim);
        return claim;
    }

    void release(Claim claim) {
        claims.remove(claim);
        releases++;
        released.signalAll();
    }

    /** Waits, without the lock, until some claim is released; the caller looks at everything anew. */
    void await() {
        long seen = releases;
        while (releases == seen) {
            released.awaitUninterruptibly();
        }
    }

    /** Claims clusters, once nobody holds any of them. */
    Claim awaitAndClaim(long first, long end) {
        while (overlapping(first, end) != null) {
            await();
        }
        return claim(first, end);
    }
}
