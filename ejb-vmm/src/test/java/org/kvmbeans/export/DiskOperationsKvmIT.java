package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.management.JMX;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.VirtualMachineMXBean;

/** The operations on the disk of a VM that is on. */
class DiskOperationsKvmIT {
    private static final String POOL = "default";
    private static final int SIZE = 4 << 20;

    @TempDir
    Path folder;

    private HostFixture host;
    private VirtualMachineMXBean vm;

    @BeforeEach
    void start() throws IOException {
        host = new HostFixture(folder.resolve("home"));
        byte[] bytes = new byte[SIZE];
        new Random(7).nextBytes(bytes);
        Files.write(file("base.raw"), bytes);
        Path kernel = BareMetalGuest.thatDoes().halt().writeTo(folder.resolve("kernel"));
        vm = host.define("a", kernel, ",'disks':[{'name':'vda','path':'" + file("base.raw") + "','format':'raw'}]");
        vm.start();
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private Path file(String name) {
        return folder.resolve("home/disks").resolve(name);
    }

    private DiskMXBean disk() {
        return JMX.newMXBeanProxy(host.server, ObjectNames.disk("a", "vda"), DiskMXBean.class);
    }

    @Test
    void goesOnWithAnOverlayThatItsDefinitionNames() throws Exception {
        JobMXBean job = host.completed(disk().snapshot(POOL, "one.qcow2"));

        assertThat(job.getSubject()).isEqualTo("a/vda");
        assertThat(job.getTarget()).isEqualTo(ObjectNames.disk("a", "vda"));
        assertThat(disk().getPath()).isEqualTo(file("one.qcow2").toString());
        assertThat(disk().getFormat()).isEqualTo("qcow2");
        assertThat(vm.getDefinition()).contains("one.qcow2");
        host.pool(POOL).refresh();
        assertThat(host.image(POOL, "one.qcow2").isInUse()).isTrue();
        assertThat(host.image(POOL, "one.qcow2").getBackingChain())
                .extracting(ImageLayer::path)
                .containsExactly(file("one.qcow2").toString(), file("base.raw").toString());
        vm.powerOff();
        vm.start();
        assertThat(disk().getSizeBytes()).isEqualTo(SIZE);
    }

    @Test
    void commitsAnOverlayAndGoesOnWithWhatLiesBelow() throws Exception {
        host.completed(disk().snapshot(POOL, "one.qcow2"));
        host.completed(disk().commit());

        assertThat(disk().getPath()).isEqualTo(file("base.raw").toString());
        assertThat(vm.getDefinition()).contains("base.raw").doesNotContain("one.qcow2");
        vm.powerOff();
        vm.start();
    }

    @Test
    void streamsSoThatTheImageStandsAlone() throws Exception {
        host.completed(disk().snapshot(POOL, "one.qcow2"));
        host.completed(disk().stream());
        vm.powerOff();
        host.pool(POOL).refresh();

        assertThat(host.image(POOL, "one.qcow2").getBackingChain()).hasSize(1);
        host.completed(host.image(POOL, "one.qcow2").convert(POOL, "copy.raw", "raw", ""));
        assertThat(Files.mismatch(file("copy.raw"), file("base.raw"))).isEqualTo(-1);
    }

    @Test
    void mirrorsUntilItIsCompleted() throws Exception {
        JobMXBean job = host.job(disk().mirror(POOL, "copy.qcow2", "qcow2", ""));
        HostFixture.await(
                "the mirror is ready",
                () -> job.getState() == JobState.READY || job.getState().ended());
        assertThat(job.getState()).as(job.getError()).isEqualTo(JobState.READY);
        assertThat(disk().getPath()).isEqualTo(file("base.raw").toString());
        assertThatIllegalStateException()
                .isThrownBy(() -> disk().backup(POOL, "other.raw", "raw", ""))
                .withMessageContaining("is in use by job");

        job.complete();
        HostFixture.await("the mirror has ended", () -> job.getState().ended());
        assertThat(job.getState()).as(job.getError()).isEqualTo(JobState.COMPLETED);
        assertThat(disk().getPath()).isEqualTo(file("copy.qcow2").toString());
        vm.powerOff();
        host.completed(host.image(POOL, "copy.qcow2").convert(POOL, "back.raw", "raw", ""));
        assertThat(Files.mismatch(file("back.raw"), file("base.raw"))).isEqualTo(-1);
    }

    @Test
    void aMirrorThatIsCancelledLeavesTheDiskAsItWas() throws Exception {
        JobMXBean job = host.job(disk().mirror(POOL, "copy.qcow2", "qcow2", ""));
        HostFixture.await(
                "the mirror is ready",
                () -> job.getState() == JobState.READY || job.getState().ended());
        job.cancel();
        HostFixture.await("the mirror has ended", () -> job.getState().ended());

        assertThat(job.getState()).isEqualTo(JobState.CANCELLED);
        assertThat(file("copy.qcow2")).doesNotExist();
        assertThat(disk().getPath()).isEqualTo(file("base.raw").toString());
        host.completed(disk().backup(POOL, "backup.raw", "raw", ""));
        vm.powerOff();
        assertThat(Files.mismatch(file("backup.raw"), file("base.raw"))).isEqualTo(-1);
    }

    @Test
    void refusesWhatNeedsTheVmOnWhileItIsOff() {
        vm.powerOff();

        assertThatIllegalStateException()
                .isThrownBy(() -> disk().snapshot(POOL, "one.qcow2"))
                .withMessageContaining("VM a is off");
        assertThat(file("one.qcow2")).doesNotExist();
    }

    @Test
    void anImageOfARunningVmIsNotChangedByOthers() throws Exception {
        JobMXBean job = host.job(host.image(POOL, "base.raw").resize(2L * SIZE));
        HostFixture.await("the job has ended", () -> job.getState().ended());

        assertThat(job.getState()).isEqualTo(JobState.FAILED);
        assertThat(job.getError()).contains("it is in use by");
        assertThat(disk().getSizeBytes()).isEqualTo(SIZE);
    }
}
