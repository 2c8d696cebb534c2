package org.kvmbeans.export.job;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javax.management.ObjectName;
import org.kvmbeans.export.jmx.Notifications;
import org.kvmbeans.export.jmx.Registrar;
import org.kvmbeans.mbeans.JobEvent;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.NotificationTypes;

/**
 * The jobs of a host: at most {@value #MAX_RUNNING} at work, at most {@value #MAX_WAITING} that wait, and those that have
 * ended lately. No two of them use a file that one of them writes. Any thread may call.
 */
public final class Jobs implements AutoCloseable {
    /** Jobs that are ready wait on their thread for somebody to complete them, so this is more than the host has CPUs. */
    private static final int MAX_RUNNING = 16;

    private static final int MAX_WAITING = 256;
    private static final int MAX_ENDED = 100;
    private static final long KEPT_MILLIS = TimeUnit.HOURS.toMillis(1);
    private static final long IDLE_THREAD_SECONDS = 5;
    private static final long CLOSE_MILLIS = 10_000;
    private static final Logger LOGGER = System.getLogger(Jobs.class.getName());
    private static final String[] TYPES = {
        NotificationTypes.JOB_STARTED,
        NotificationTypes.JOB_READY,
        NotificationTypes.JOB_COMPLETED,
        NotificationTypes.JOB_FAILED,
        NotificationTypes.JOB_CANCELLED
    };

    private final Registrar registrar;
    private final Notifications notifications;
    private final Notifications.Source hostSource;
    private final Consumer<Job> onEnd;
    private final ThreadPoolExecutor threads;
    private final AtomicLong lastId = new AtomicLong();

    /** Guards the fields below. */
    private final Object lock = new Object();

    private final Map<Long, Entry> entries = new TreeMap<>();
    private final FileClaims claims = new FileClaims();
    private boolean closed;

    private record Entry(Job job, Notifications.Source source, Runnable onCancel) {}

    /**
     * @param hostSource sends what every job sends as well
     * @param onEnd is told of each job that is about to end, on the thread that ends it
     */
    public Jobs(
            Registrar registrar, Notifications notifications, Notifications.Source hostSource, Consumer<Job> onEnd) {
        this.registrar = registrar;
        this.notifications = notifications;
        this.hostSource = hostSource;
        this.onEnd = onEnd;
        AtomicInteger number = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                MAX_RUNNING,
                MAX_RUNNING,
                IDLE_THREAD_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                task -> {
                    Thread thread = new Thread(task, "kvmbeans-job-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /** The types of notifications that jobs send. */
    public static String[] types() {
        return TYPES.clone();
    }

    /**
     * Starts a job on a thread of its own, or has it wait for one.
     *
     * @throws IllegalStateException where another job uses one of its files, or too many jobs wait
     */
    public Job start(JobRequest request, JobTask task) {
        Job job = add(request, () -> {});
        try {
            threads.execute(() -> run(job, task));
        } catch (RejectedExecutionException e) {
            forget(job);
            throw new IllegalStateException(
                    MAX_WAITING + " jobs wait already; try again when some have ended, or cancel one", e);
        }
        return job;
    }

    /**
     * Begins a job whose work others do, who tell it by {@link JobControl} and end it by {@link #end}.
     *
     * @param onCancel removes what it made, when somebody calls it off
     */
    public Job open(JobRequest request, Runnable onCancel) {
        Job job = add(request, onCancel);
        job.begin();
        send(job, NotificationTypes.JOB_STARTED);
        return job;
    }

    private Job add(JobRequest request, Runnable onCancel) {
        Job job = new Job(lastId.incrementAndGet(), request, System::nanoTime);
        Notifications.Source source = new Notifications.Source(job.objectName(), Notifications.job(TYPES));
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the server is going down; try again when it is up");
            }
            Optional<Job> obstacle = claims.claim(job);
            if (obstacle.isPresent()) {
                throw new IllegalStateException(request.subject() + " is in use by job "
                        + obstacle.get().id() + " (" + obstacle.get().request().kind()
                        + "); wait for its end, or cancel it");
            }
            entries.put(job.id(), new Entry(job, source, onCancel));
        }
        try {
            registrar.register(job.objectName(), new JobBean(this, job), JobMXBean.class, source);
        } catch (RuntimeException e) {
            forget(job);
            throw e;
        }
        return job;
    }

    private void forget(Job job) {
        synchronized (lock) {
            claims.release(job);
            entries.remove(job.id());
        }
        registrar.unregister(job.objectName());
    }

    private void run(Job job, JobTask task) {
        if (!job.begin()) {
            end(job, JobState.CANCELLED, JobOutcome.DONE, "");
            return;
        }
        send(job, NotificationTypes.JOB_STARTED);
        try {
            end(job, JobState.COMPLETED, task.run(new Announcing(job)), "");
        } catch (CancellationException e) {
            end(job, JobState.CANCELLED, JobOutcome.DONE, "");
        } catch (IOException e) {
            end(job, JobState.FAILED, JobOutcome.DONE, message(e));
        } catch (RuntimeException | Error e) {
            LOGGER.log(Level.WARNING, "job " + job.id() + " failed", e);
            end(job, JobState.FAILED, JobOutcome.DONE, message(e));
        }
    }

    private static String message(Throwable thrown) {
        return thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
    }

    /** Ends a job: gives its files back, tells the listeners. Does nothing where it has ended before. */
    public void end(Job job, JobState state, JobOutcome outcome, String error) {
        synchronized (lock) {
            claims.release(job);
        }
        if (job.state().ended()) {
            return;
        }
        onEnd.accept(job); // before anybody sees the end, who then looks at what the job made
        if (!job.end(state, outcome, error)) {
            return;
        }
        send(
                job,
                switch (state) {
                    case COMPLETED -> NotificationTypes.JOB_COMPLETED;
                    case CANCELLED -> NotificationTypes.JOB_CANCELLED;
                    default -> NotificationTypes.JOB_FAILED;
                });
        expire();
    }

    /** Calls a job off. */
    void cancel(Job job) {
        if (!job.askToCancel()) {
            throw new IllegalStateException("job " + job.id() + " is " + job.state() + " already");
        }
        Entry entry;
        synchronized (lock) {
            entry = entries.get(job.id());
        }
        if (entry != null) {
            entry.onCancel().run();
        }
        if (job.state() == JobState.WAITING) {
            end(job, JobState.CANCELLED, JobOutcome.DONE, "");
        }
    }

    /** The job of a number. */
    public Optional<Job> find(long id) {
        synchronized (lock) {
            return Optional.ofNullable(entries.get(id)).map(Entry::job);
        }
    }

    /** All jobs, by number. */
    public List<Job> all() {
        synchronized (lock) {
            return entries.values().stream().map(Entry::job).toList();
        }
    }

    /** The MBeans of one owner's jobs, by number. */
    public List<ObjectName> namesOf(JobRequest.Owner owner) {
        return all().stream()
                .filter(job -> job.request().owner().equals(owner))
                .map(Job::objectName)
                .toList();
    }

    /** The job that has a file open. */
    public Optional<Job> userOf(Path file) {
        synchronized (lock) {
            return claims.user(file);
        }
    }

    /** Forgets what has ended too long ago, and the oldest where too much has ended. */
    public void expire() {
        long oldest = System.currentTimeMillis() - KEPT_MILLIS;
        List<Job> gone = new ArrayList<>();
        synchronized (lock) {
            List<Job> ended = entries.values().stream()
                    .map(Entry::job)
                    .filter(job -> job.state().ended())
                    .sorted(Comparator.comparing(Job::endedMillis).thenComparing(Job::id))
                    .toList();
            for (int i = 0; i < ended.size(); i++) {
                if (i < ended.size() - MAX_ENDED || ended.get(i).endedMillis() < oldest) {
                    gone.add(ended.get(i));
                }
            }
            gone.forEach(job -> entries.remove(job.id()));
        }
        gone.forEach(job -> registrar.unregister(job.objectName()));
    }

    /** Forgets the jobs of an owner that goes: those that run are called off. */
    public void forgetAll(JobRequest.Owner owner) {
        for (Job job : all()) {
            if (job.request().owner().equals(owner)) {
                if (job.state().ended()) {
                    forget(job);
                } else {
                    cancel(job);
                }
            }
        }
    }

    private void send(Job job, String type) {
        Entry entry;
        synchronized (lock) {
            entry = entries.get(job.id());
        }
        if (entry == null) {
            return;
        }
        String detail = job.error().isEmpty() ? job.outcome().result() : job.error();
        JobEvent event = new JobEvent(
                job.objectName().toString(), job.request().kind(), job.request().subject(), job.state(), detail);
        notifications.send(entry.source(), type, event);
        notifications.send(hostSource, type, event);
    }

    /** Calls every job off and waits for their ends, as long as that is bearable. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        List<Job> jobs = all();
        for (Job job : jobs) {
            if (!job.state().ended()) {
                cancelQuietly(job);
            }
        }
        threads.shutdown();
        try {
            for (Job job : jobs) {
                if (!job.awaitEnd(CLOSE_MILLIS)) {
                    LOGGER.log(Level.WARNING, "job " + job.id() + " did not end within " + CLOSE_MILLIS + " ms");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        jobs.forEach(job -> registrar.unregister(job.objectName()));
    }

    private void cancelQuietly(Job job) {
        try {
            cancel(job);
        } catch (IllegalStateException e) {
            // it has ended meanwhile
        }
    }

    /** The job's control as its task sees it: listeners hear when it is ready. */
    private final class Announcing implements JobControl {
        private final Job job;

        Announcing(Job job) {
            this.job = job;
        }

        @Override
        public void advance(long doneUnits, long totalUnits) {
            job.advance(doneUnits, totalUnits);
        }

        @Override
        public boolean isCancelled() {
            return job.isCancelled();
        }

        @Override
        public void ready() {
            job.ready();
            send(job, NotificationTypes.JOB_READY);
        }

        @Override
        public boolean isCompleting() {
            return job.isCompleting();
        }

        @Override
        public void pause(long millis) {
            job.pause(millis);
        }
    }
}
