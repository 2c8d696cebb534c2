package org.kvmbeans.machine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Lets one operation of a machine run at a time; what the operator asks for meanwhile is refused, what boards tell waits. */
final class OperationGate {
    /** How long an operation waits for another one to end before it is refused. */
    private static final long MOMENT_MILLIS = 100;

    private final Supplier<String> machine;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile String inProgress = "";
    private boolean retired;

    /** @param machine the name of the machine, for refusals */
    OperationGate(Supplier<String> machine) {
        this.machine = machine;
    }

    /**
     * Runs an operation of an operator.
     *
     * @throws IllegalStateException where another one is under way, or the machine is retired
     */
    void operation(String name, Runnable work) {
        if (!lockSoon()) {
            throw new IllegalStateException("VM " + machine.get() + " is busy with " + inProgress + "; " + name
                    + " was not done: try again when that has ended");
        }
        try {
            if (retired) {
                throw new IllegalStateException("VM " + machine.get() + " is no longer defined: define it again");
            }
            inProgress = name;
            work.run();
        } finally {
            lock.unlock();
        }
    }

    /** Runs what nobody can refuse, after the operation that is under way. */
    void event(String name, Runnable work) {
        lock.lock();
        try {
            inProgress = name;
            work.run();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses every operation from now on; called within one. */
    void retire() {
        retired = true;
    }

    /** The moment between a state that can be seen and the end of the operation that led to it refuses nobody. */
    private boolean lockSoon() {
        try {
            return lock.tryLock(MOMENT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
