package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import javax.management.Notification;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.mbeans.DiskPathPolicy;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.JobKind;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.sys.jna.JnaPosix;

/** Pools of images and what is done in them, through their MBeans. */
class ImageStoreTest {
    private static final String POOL = "default";
    private static final long MIB = 1 << 20;

    @TempDir
    Path folder;

    private HostFixture host;

    @BeforeEach
    void open() throws IOException {
        host = new HostFixture(folder.resolve("home"));
    }

    @AfterEach
    void close() {
        host.close();
    }

    private Path inPool(String name) {
        return folder.resolve("home/disks").resolve(name);
    }

    private void create(String name, long bytes, String options) throws InterruptedException {
        host.completed(host.pool(POOL).create(name, "raw", bytes, options));
    }

    private Path kernel() throws IOException {
        return BareMetalGuest.thatDoes().halt().writeTo(folder.resolve("kernel"));
    }

    private static String disk(Path path) {
        return ",'disks':[{'name':'vda','path':'" + path + "','format':'raw'}]";
    }

    @Test
    void hasOnePoolInItsHomeUnlessConfigured() {
        assertThat(host.bean().getImageStores()).containsExactly(ObjectNames.imageStore(POOL));
        assertThat(host.pool(POOL).getPath())
                .isEqualTo(folder.resolve("home/disks").toString());
        assertThat(host.pool(POOL).getImages()).isEmpty();
        assertThat(host.pool(POOL).getCapacityBytes()).isPositive();
        assertThat(host.bean().getDiskPathPolicy()).isEqualTo(DiskPathPolicy.DEFINITIONS);
    }

    @Test
    void createsASparseImageThatOnlyItsOwnerCanRead() throws Exception {
        JobMXBean job = host.completed(host.pool(POOL).create("web01.raw", "raw", 64 * MIB, ""));

        assertThat(job.getKind()).isEqualTo(JobKind.CREATE);
        assertThat(job.getSubject()).isEqualTo("default/web01.raw");
        assertThat(job.getTarget()).isEqualTo(ObjectNames.image(POOL, "web01.raw"));
        assertThat(job.getProgress()).isEqualTo(1);
        assertThat(job.getEndedMillis()).isGreaterThanOrEqualTo(job.getStartedMillis());
        assertThat(host.pool(POOL).getImages()).containsExactly(job.getTarget());
        assertThat(host.image(POOL, "web01.raw").getSizeBytes()).isEqualTo(64 * MIB);
        assertThat(host.image(POOL, "web01.raw").getAllocatedBytes()).isLessThan(MIB);
        assertThat(host.image(POOL, "web01.raw").getBackingChain())
                .extracting(ImageLayer::format)
                .containsExactly("raw");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(inPool("web01.raw"))))
                .isEqualTo("rw-------");
    }

    @Test
    void allocatesTheWholeImageWhereThatIsAskedFor() throws Exception {
        create("full.raw", 3 * MIB, "{\"preallocation\":\"full\"}");

        assertThat(host.image(POOL, "full.raw").getAllocatedBytes()).isGreaterThanOrEqualTo(3 * MIB);
        assertThat(host.pool(POOL).getUsedBytes()).isGreaterThanOrEqualTo(3 * MIB);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "../x.raw | raw   | 512 | ''                       | the first neither",
                "x.raw    | vmdk  | 512 | ''                       | format is \"vmdk\"; give one of",
                "x.raw    | raw   | 0   | ''                       | bytes is 0; give",
                "x.raw    | raw   | 513 | ''                       | multiple of 512",
                "x.raw    | raw   | 512 | {\"preallocation\":1}    | preallocation is 1; give one of falloc, full, metadata, off",
                "x.raw    | raw   | 512 | {\"prealocation\":\"x\"} | did you mean \"preallocation\"",
                "x.raw    | raw   | 512 | nonsense                 | the options is refused: it is not JSON"
            })
    void refusesImagesThatCannotBe(String name, String format, long bytes, String options, String says) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.pool(POOL).create(name, format, bytes, options))
                .withMessageContaining(says);
        assertThat(host.pool(POOL).getImages()).isEmpty();
    }

    @Test
    void neverReplacesAFile() throws Exception {
        Files.writeString(inPool("mine.raw"), "precious");

        assertThatIllegalStateException()
                .isThrownBy(() -> host.pool(POOL).create("mine.raw", "raw", 512, ""))
                .withMessageContaining("has a file mine.raw already");
        assertThatIllegalStateException().isThrownBy(() -> host.pool(POOL).beginUpload("mine.raw", "raw", 512));
        assertThat(inPool("mine.raw")).hasContent("precious");
    }

    @Test
    void quotaBoundsWhatAnImageMayComeToTake() throws Exception {
        host.bean().addPool("small", folder.resolve("small").toString(), 4 * MIB, "");
        host.completed(host.pool("small").create("a.raw", "raw", MIB, "{\"preallocation\":\"full\"}"));

        assertThatIllegalStateException()
                .isThrownBy(() -> host.pool("small").create("b.raw", "raw", 4 * MIB, ""))
                .withMessageContaining("quota of 4194304 bytes");
        assertThatIllegalStateException().isThrownBy(() -> host.pool("small").beginUpload("b.raw", "raw", 4 * MIB));
        host.completed(host.pool("small").create("b.raw", "raw", 2 * MIB, ""));
        assertThat(host.pool("small").getRemainingBytes()).isBetween(2 * MIB, 3 * MIB);
    }

    @Test
    void aFileIsAnImageOnlyOnceSomebodyHasSaidItsFormat() throws Exception {
        Files.write(inPool("found.img"), new byte[1000]);
        Files.createSymbolicLink(inPool("link.img"), Path.of("/etc/passwd"));
        host.pool(POOL).refresh();

        assertThat(host.pool(POOL).getImages()).isEmpty();
        assertThat(host.pool(POOL).getUnregisteredFiles()).containsExactly("found.img");
        assertThat(host.pool(POOL).register("found.img", "raw")).isEqualTo(ObjectNames.image(POOL, "found.img"));
        assertThat(host.image(POOL, "found.img").getSizeBytes()).isEqualTo(1024);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.pool(POOL).register("link.img", "raw"))
                .withMessageContaining("no regular file");

        host.image(POOL, "found.img").unregister();
        assertThat(host.pool(POOL).getUnregisteredFiles()).containsExactly("found.img");
        assertThat(inPool("found.img")).exists();
    }

    @Test
    void aDefinitionSaysTheFormatOfItsDisk() throws Exception {
        Files.write(inPool("web01.raw"), new byte[4096]);
        host.define("web01", kernel(), disk(inPool("web01.raw")));

        assertThat(host.pool(POOL).getImages()).containsExactly(ObjectNames.image(POOL, "web01.raw"));
        host.pool(POOL).refresh();
        assertThat(host.image(POOL, "web01.raw").getUsers()).containsExactly("disk vda of VM web01");
        assertThat(host.image(POOL, "web01.raw").isInUse()).isFalse();
        host.restart();
        assertThat(host.image(POOL, "web01.raw").getFormat()).isEqualTo("raw");
    }

    @Test
    void doesNotDeleteTheDiskOfAVm() throws Exception {
        create("web01.raw", MIB, "");
        host.define("web01", kernel(), disk(inPool("web01.raw")));

        assertThatIllegalStateException()
                .isThrownBy(() -> host.image(POOL, "web01.raw").delete())
                .withMessageContaining("disk vda of VM web01");
        assertThatIllegalStateException()
                .isThrownBy(() -> host.image(POOL, "web01.raw").unregister());
        assertThat(inPool("web01.raw")).exists();

        host.vm("web01").undefine();
        host.image(POOL, "web01.raw").delete();
        assertThat(inPool("web01.raw")).doesNotExist();
        assertThat(host.server.isRegistered(ObjectNames.image(POOL, "web01.raw")))
                .isFalse();
    }

    @Test
    void opensNothingOutsideOfThePoolsWhereThatIsTheRule() throws Exception {
        Path outside = Files.write(folder.resolve("outside.raw"), new byte[512]);
        Files.createSymbolicLink(inPool("inside.raw"), outside);
        Path kernel = kernel();
        host.define("before", kernel, disk(outside));
        host.bean().changeDiskPathPolicy("POOLS");

        for (Path path : new Path[] {outside, inPool("inside.raw"), inPool("../../outside.raw")}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> host.bean().defineVm(HostFixture.json("a", kernel, disk(path))))
                    .withMessageContaining("disks[0].path is \"" + path + "\"")
                    .withMessageContaining("it lies in no pool");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> host.vm("before")
                            .addDisk("{\"name\":\"vdb\",\"path\":\"" + path + "\",\"format\":\"raw\"}"))
                    .withMessageContaining("path is \"" + path + "\"");
        }
        host.bean().changeDiskPathPolicy("DEFINITIONS");
        host.define("a", kernel, disk(outside));
    }

    @Test
    void poolsAndTheirRuleOutliveARestart() throws Exception {
        ObjectName fast =
                host.bean().addPool("fast", folder.resolve("fast").toString(), 5 * MIB, "/srv/templates:/srv/more");
        host.bean().changeDiskPathPolicy("POOLS");
        host.restart();

        assertThat(host.bean().getImageStores()).containsExactly(ObjectNames.imageStore(POOL), fast);
        assertThat(host.pool("fast").getQuotaBytes()).isEqualTo(5 * MIB);
        assertThat(host.pool("fast").getBackingDirectories()).containsExactly("/srv/templates", "/srv/more");
        assertThat(host.bean().getDiskPathPolicy()).isEqualTo(DiskPathPolicy.POOLS);

        host.bean().removePool("fast");
        assertThat(host.bean().getImageStores()).containsExactly(ObjectNames.imageStore(POOL));
        assertThat(folder.resolve("fast")).exists();
    }

    @Test
    void doesNotOpenWithAConfigurationThatItCannotRead() throws Exception {
        host.close();
        Files.writeString(folder.resolve("home/pools.json"), "{\"diskPath\":\"pools\"}");

        assertThatIOException()
                .isThrownBy(() -> new HostFixture(folder.resolve("home")))
                .withMessageContaining("pools.json")
                .withMessageContaining("did you mean \"diskPaths\"");
        Files.delete(folder.resolve("home/pools.json"));
        open();
    }

    @ParameterizedTest
    @ValueSource(strings = {"home/disks", "home/disks/sub", "home"})
    void refusesPoolsInOneAnother(String path) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().addPool("b", folder.resolve(path).toString(), 0, ""))
                .withMessageContaining("it lies in pool default, or that one in it");
    }

    @Test
    void takesAnImagePartByPartAndGivesItBack() throws Exception {
        byte[] bytes = new byte[300_000];
        new Random(4).nextBytes(bytes);
        JobMXBean job = host.job(host.pool(POOL).beginUpload("up.raw", "raw", bytes.length));
        append(job, 0, Arrays.copyOf(bytes, 200_000));

        assertThat(job.getDoneBytes()).isEqualTo(200_000);
        assertThat(job.getTotalBytes()).isEqualTo(300_000);
        assertThat(host.pool(POOL).getImages()).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> append(job, 0, new byte[1]))
                .withMessageContaining("begins at 200000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> append(job, 200_000, new byte[100_001]))
                .withMessageContaining("only 100000 are still to come");
        assertThatIllegalStateException()
                .isThrownBy(() -> host.pool(POOL).finishUpload(job.getId()))
                .withMessageContaining("200000 of 300000 bytes have come");

        append(job, 200_000, Arrays.copyOfRange(bytes, 200_000, 300_000));
        host.pool(POOL).finishUpload(job.getId());
        assertThat(job.getState()).isEqualTo(JobState.COMPLETED);
        assertThat(inPool("up.raw")).hasBinaryContent(bytes);
        assertThat(Base64.getDecoder().decode(host.image(POOL, "up.raw").read(250_000, 1 << 20)))
                .isEqualTo(Arrays.copyOfRange(bytes, 250_000, 300_000));
        assertThat(host.image(POOL, "up.raw").read(300_000, 1)).isEmpty();
    }

    private void append(JobMXBean job, long offset, byte[] part) {
        host.pool(POOL).appendUpload(job.getId(), offset, Base64.getEncoder().encodeToString(part));
    }

    @Test
    void nothingIsLeftOfAnUploadThatIsCalledOff() throws Exception {
        JobMXBean job = host.job(host.pool(POOL).beginUpload("up.raw", "raw", 100));
        append(job, 0, new byte[50]);
        job.cancel();

        assertThat(job.getState()).isEqualTo(JobState.CANCELLED);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> append(job, 50, new byte[50]))
                .withMessageContaining("no upload of that number");
        assertThatIllegalStateException().isThrownBy(job::cancel).withMessageContaining("is CANCELLED already");
        try (Stream<Path> files = Files.list(folder.resolve("home/disks"))) {
            assertThat(files).isEmpty();
        }
        create("up.raw", 512, "");
    }

    @Test
    void neitherReadsNorDeletesAnImageThatSomebodyWrites() throws Exception {
        create("busy.raw", 4096, "");
        OpenOptions writing = new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK);
        try (HostFile writer = HostFile.open(new JnaPosix(), inPool("busy.raw").toString(), writing)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> host.image(POOL, "busy.raw").read(0, 10))
                    .withMessageContaining(writer.name() + ": it is in use by");
            assertThatIllegalStateException()
                    .isThrownBy(() -> host.image(POOL, "busy.raw").delete())
                    .withMessageContaining("it is in use by");
        }
        assertThat(host.image(POOL, "busy.raw").read(0, 3)).isEqualTo("AAAA");
    }

    @Test
    void tellsOfJobsAtTheHost() throws Exception {
        LinkedBlockingQueue<Notification> heard = host.listenTo(ObjectNames.host());
        ObjectName name = host.pool(POOL).create("a.raw", "raw", 512, "");

        Notification started = HostFixture.next(heard);
        assertThat(started.getType()).isEqualTo(NotificationTypes.JOB_STARTED);
        CompositeData data = (CompositeData) started.getUserData();
        assertThat(data.get("job")).isEqualTo(name.toString());
        assertThat(data.get("kind")).isEqualTo("CREATE");
        assertThat(data.get("subject")).isEqualTo("default/a.raw");
        Notification ended = HostFixture.next(heard);
        assertThat(ended.getType()).isEqualTo(NotificationTypes.JOB_COMPLETED);
        assertThat(host.bean().getJobs()).containsExactly(name);
        assertThat(host.pool(POOL).getJobs()).containsExactly(name);
    }

    @Test
    void secretsAreFilesOfTheirOwnerAndTellTheirNamesOnly() throws Exception {
        host.bean().defineSecret("web01", "correct horse");
        host.bean().defineSecret("web01", "battery staple");

        Path file = folder.resolve("home/secrets/web01");
        assertThat(file).hasContent("battery staple");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwx------");
        assertThat(host.bean().getSecretNames()).containsExactly("web01");
        host.bean().removeSecret("web01");
        assertThat(host.bean().getSecretNames()).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().removeSecret("web01"))
                .withMessageContaining("no such secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../x", ".hidden", "a/b", "x.unfinished"})
    void refusesSecretsThatWouldBeOtherFiles(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().defineSecret(name, "the passphrase"))
                .withMessageNotContaining("the passphrase");
    }

    @Test
    @SuppressWarnings("NullAway") // clients may send null
    void refusesNullInTheWordsOfTheParameter() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.bean().removePool(null))
                .withMessageContaining("name is null");
    }
}
