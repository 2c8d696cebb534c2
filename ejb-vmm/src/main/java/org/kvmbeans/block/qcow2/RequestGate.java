package org.kvmbeans.block.qcow2;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Knows which requests are in progress. Each belongs to one of two ages, so that it can be told when all those that began
 * before a moment have ended: only then is a cluster used again that a request may still be reading or writing. Whoever
 * needs the disk at rest shuts the gate and waits until all have ended.
 *
 * <p>The metadata's lock guards it but for {@link #leave}.
 */
final class RequestGate {
    private final ReentrantLock lock;
    private final Condition changed;
    private final AtomicInteger[] active = {new AtomicInteger(), new AtomicInteger()};
    private int age;
    private volatile boolean shut;

    RequestGate(ReentrantLock lock) {
        this.lock = lock;
        this.changed = lock.newCondition();
    }

    /** A request begins; waits while the gate is shut, without the lock. What it returns goes to {@link #leave}. */
    int enter() {
        while (shut) {
            changed.awaitUninterruptibly();
        }
        active[age].incrementAndGet();
        return age;
    }

    /** As {@link #enter} where the gate is open, and -1 where it is shut. */
    int tryEnter() {
        return shut ? -1 : enter();
    }

    /** A request has ended; called with the lock or without. */
    void leave(int ageOfRequest) {
        if (active[ageOfRequest].decrementAndGet() == 0 && shut) {
            lock.lock();
            try {
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Whether all requests of the age before have ended. */
    boolean graceOver() {
        return active[1 - age].get() == 0;
    }

    /** Begins a new age, once those of the age before have ended. */
    void newAge() {
        age = 1 - age;
    }

    /** Shuts the gate and waits until no request is in progress. {@link #open} opens it. */
    void shut() {
        while (shut) {
            changed.awaitUninterruptibly();
        }
        // Pairs with leave(): whoever counts down after this sees the gate shut and wakes us.
        shut = true;
        while (active[0].get() != 0 || active[1].get() != 0) {
            changed.awaitUninterruptibly();
        }
    }

    void open() {
        shut = false;
        changed.signalAll();
    }
}
