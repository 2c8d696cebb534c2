package org.kvmbeans.legacy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A clock that moves when told, and the timers that go off as it does. */
final class FakeTime extends Clock implements DeviceTimers {
    private static final class Pending implements Timer {
        private final Instant due;
        private final Runnable work;
        private boolean cancelled;

        Pending(Instant due, Runnable work) {
            this.due = due;
            this.work = work;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    private final List<Pending> pending = new ArrayList<>();
    private Instant now;

    FakeTime(String start) {
        now = Instant.parse(start);
    }

    void advanceNanos(long nanos) {
        Instant target = now.plusNanos(nanos);
        while (true) {
            Pending next = next(target);
            if (next == null) {
                break;
            }
            pending.remove(next);
            now = next.due;
            next.work.run();
        }
        now = target;
    }

    void advanceSeconds(long seconds) {
        advanceNanos(seconds * 1_000_000_000);
    }

    int armedTimers() {
        pending.removeIf(timer -> timer.cancelled);
        return pending.size();
    }

    private @Nullable Pending next(Instant target) {
        pending.removeIf(timer -> timer.cancelled);
        return pending.stream()
                .filter(timer -> !timer.due.isAfter(target))
                .min((a, b) -> a.due.compareTo(b.due))
                .orElse(null);
    }

    @Override
    public Timer after(long delayNanos, Runnable work) {
        Pending timer = new Pending(now.plusNanos(delayNanos), work);
        pending.add(timer);
        return timer;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }

    @Override
    public Instant instant() {
        return now;
    }
}
