package org.kvmbeans.export.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.export.jmx.Notifications;
import org.kvmbeans.export.jmx.Registrar;
import org.kvmbeans.export.job.JobRequest.Owner;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;

class JobsTest {
    private static final long PATIENCE_MILLIS = 20_000;

    private final MBeanServer server = MBeanServerFactory.newMBeanServer();
    private final Notifications notifications = new Notifications();
    private final Jobs jobs = new Jobs(
            new Registrar(server),
            notifications,
            new Notifications.Source(ObjectNames.host(), Notifications.job(Jobs.types())),
            job -> {});
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void close() {
        gate.countDown();
        jobs.close();
        notifications.close();
    }

    private static JobRequest request(Set<Path> writes, Set<Path> reads) {
        return new JobRequest(
                JobKind.CREATE, Owner.pool("p"), "p/a.raw", ObjectNames.image("p", "a.raw"), writes, reads);
    }

    private static JobRequest writing(String path) {
        return request(Set.of(Path.of(path)), Set.of());
    }

    private JobOutcome waitAtTheGate(JobControl control) throws IOException {
        try {
            assertThat(gate.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        control.checkCancelled();
        return JobOutcome.DONE;
    }

    private JobMXBean bean(Job job) {
        return JMX.newMXBeanProxy(server, job.objectName(), JobMXBean.class);
    }

    private static void awaitEnd(Job job) throws InterruptedException {
        assertThat(job.awaitEnd(PATIENCE_MILLIS)).isTrue();
    }

    private static void await(JobMXBean job, JobState state) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (job.getState() != state) {
            assertThat(System.nanoTime()).as("waiting for " + state).isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    @Test
    void oneJobAtATimeWritesAFile() throws Exception {
        Job first = jobs.start(writing("/a"), this::waitAtTheGate);

        assertThatIllegalStateException()
                .isThrownBy(() -> jobs.start(writing("/a"), this::waitAtTheGate))
                .withMessageContaining("in use by job " + first.id() + " (CREATE)");
        assertThatIllegalStateException()
                .isThrownBy(() -> jobs.start(request(Set.of(), Set.of(Path.of("/a"))), this::waitAtTheGate));
        Job other = jobs.start(writing("/b"), this::waitAtTheGate);
        gate.countDown();
        awaitEnd(first);
        awaitEnd(other);
        awaitEnd(jobs.start(writing("/a"), control -> JobOutcome.DONE));
    }

    @Test
    void severalJobsReadAFileThatNoneWrites() throws Exception {
        JobRequest reading = request(Set.of(), Set.of(Path.of("/base")));
        Job first = jobs.start(reading, this::waitAtTheGate);
        Job second = jobs.start(reading, this::waitAtTheGate);

        assertThatIllegalStateException().isThrownBy(() -> jobs.start(writing("/base"), this::waitAtTheGate));
        gate.countDown();
        awaitEnd(first);
        awaitEnd(second);
        awaitEnd(jobs.start(writing("/base"), control -> JobOutcome.DONE));
    }

    @Test
    void aJobThatFailsSaysWhy() throws Exception {
        Job job = jobs.start(writing("/a"), control -> {
            throw new IOException("/a: the device is full");
        });
        awaitEnd(job);

        assertThat(bean(job).getState()).isEqualTo(JobState.FAILED);
        assertThat(bean(job).getError()).isEqualTo("/a: the device is full");
    }

    @Test
    void aJobThatIsCalledOffEndsAtItsNextStep() throws Exception {
        Job job = jobs.start(writing("/a"), control -> {
            while (true) {
                control.advance(1, 2);
                control.pause(1);
            }
        });
        await(bean(job), JobState.RUNNING);
        bean(job).cancel();
        awaitEnd(job);

        assertThat(bean(job).getState()).isEqualTo(JobState.CANCELLED);
        assertThat(bean(job).getError()).isEmpty();
    }

    @Test
    void aJobThatWaitsIsCalledOffAtOnce() throws Exception {
        for (int i = 0; i < 16; i++) {
            jobs.start(writing("/busy" + i), this::waitAtTheGate);
        }
        Job waiting = jobs.start(writing("/a"), control -> {
            throw new IOException("it must not begin");
        });
        assertThat(bean(waiting).getState()).isEqualTo(JobState.WAITING);
        bean(waiting).cancel();

        assertThat(bean(waiting).getState()).isEqualTo(JobState.CANCELLED);
        jobs.start(writing("/a"), control -> JobOutcome.DONE);
    }

    @Test
    void aReadyJobEndsWhenItIsCompleted() throws Exception {
        Job job = jobs.start(writing("/a"), control -> {
            control.advance(10, 10);
            control.ready();
            while (!control.isCompleting()) {
                control.pause(PATIENCE_MILLIS);
            }
            return new JobOutcome("pivoted", Map.of("copiedBytes", 10L));
        });
        await(bean(job), JobState.READY);
        bean(job).complete();
        awaitEnd(job);

        assertThat(bean(job).getResult()).isEqualTo("pivoted");
        assertThat(bean(job).getFigures()).containsEntry("copiedBytes", 10L);
        assertThatIllegalStateException().isThrownBy(() -> bean(job).complete());
    }

    @Test
    void keepsABoundedNumberOfEndedJobs() throws Exception {
        for (int i = 0; i < 130; i++) {
            awaitEnd(jobs.start(writing("/a" + i), control -> JobOutcome.DONE));
        }
        jobs.expire();

        assertThat(jobs.all()).hasSize(100).last().extracting(Job::id).isEqualTo(130L);
        assertThat(server.queryNames(ObjectNames.everyOfType("Job"), null)).hasSize(100);
    }

    @Test
    void closingCallsEveryJobOff() throws Exception {
        Job job = jobs.start(writing("/a"), control -> {
            while (true) {
                control.pause(PATIENCE_MILLIS);
            }
        });
        jobs.close();

        assertThat(job.state()).isEqualTo(JobState.CANCELLED);
        assertThat(server.queryNames(ObjectNames.everyOfType("Job"), null)).isEmpty();
        assertThatIllegalStateException()
                .isThrownBy(() -> jobs.start(writing("/b"), control -> JobOutcome.DONE))
                .withMessageContaining("going down");
    }
}
