package org.kvmbeans.block.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;

/** Who may use an image beside whom, and what is said of who has it. */
class ImageLockTest {
    private static final String NOTE = "kvmbeans.holder";
    private static final String THIS_PROCESS =
            "writer " + ProcessHandle.current().pid() + " \\d{10} java \\S+";

    private final FaultyPosix faults = new FaultyPosix();
    private Path image = Path.of("");
    private String format = "raw";

    @BeforeEach
    void makeImage() throws IOException {
        Path directory = Files.createDirectories(Path.of("target", "disks").toAbsolutePath());
        image = Files.createTempFile(directory, "locked", ".raw");
        Files.write(image, new byte[1 << 20]);
    }

    @AfterEach
    void removeImage() throws IOException {
        Files.delete(image);
    }

    private HostFile open(Access access) throws DiskImageException {
        return HostFile.open(faults.posix(), image.toString(), new OpenOptions(access, CacheMode.WRITEBACK));
    }

    private UserDefinedFileAttributeView attributes() {
        return Files.getFileAttributeView(image, UserDefinedFileAttributeView.class);
    }

    private String note() throws IOException {
        ByteBuffer value = ByteBuffer.allocate(attributes().size(NOTE));
        attributes().read(NOTE, value);
        return new String(value.array(), StandardCharsets.US_ASCII);
    }

    private void note(String text) throws IOException {
        attributes().write(NOTE, ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private void assertRefused(Access access, String holder) {
        assertThatThrownBy(() -> open(access).close())
                .hasMessageStartingWith(image + ": it is in use by " + holder)
                .hasMessageEndingWith(
                        "; a disk that is written can be used once, one with readOnly true by several readers")
                .extracting(e -> ((DiskImageException) e).kind())
                .isEqualTo(Kind.LOCKED);
    }

    // --- QEMU ----------------------------------------------------------------------------------------------

    private OtherProcess qemuIo(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
        command.addAll(List.of(options));
        command.add(image.toString());
        return OtherProcess.start(command);
    }

    /** QEMU's driver of a format shares less with others than that of raw does. */
    private void makeImage(String newFormat) throws IOException {
        format = newFormat;
        try (OtherProcess qemu =
                OtherProcess.start(List.of("qemu-img", "create", "-q", "-f", format, image.toString(), "1M"))) {
            assertThat(qemu.line()).isEmpty();
        }
    }

    /** Whether qemu-io opens the image and reads from it. */
    private String qemuIoOnce(String... options) throws IOException {
        try (OtherProcess qemu = qemuIo(options)) {
            return qemu.ask("read 0 512");
        }
    }

    @Test
    void qemuIsRefusedWhileWeWrite() throws IOException {
        try (HostFile writer = open(Access.READ_WRITE)) {
            assertThat(writer.sizeBytes()).isPositive();
            assertThat(qemuIoOnce()).contains("Failed to ");
            assertThat(qemuIoOnce("-r")).contains("Failed to ");
        }
        assertThat(qemuIoOnce()).contains("read 512/512 bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void qemuReadsAndDoesNotWriteWhileWeRead(String imageFormat) throws IOException {
        makeImage(imageFormat);
        try (HostFile reader = open(Access.READ_ONLY)) {
            assertThat(reader.sizeBytes()).isPositive();
            assertThat(qemuIoOnce()).contains("Failed to ");
            assertThat(qemuIoOnce("-r")).contains("read 512/512 bytes");
        }
    }

    @ParameterizedTest
    @EnumSource(Access.class)
    void weAreRefusedWhileQemuWrites(Access access) throws IOException {
        try (OtherProcess qemu = qemuIo()) {
            assertThat(qemu.ask("write 0 512")).contains("wrote 512/512 bytes");
            assertRefused(access, "process " + qemu.pid() + " (qemu-io), as a writer");
        }
        open(access).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void weReadAndDoNotWriteWhileQemuReads(String imageFormat) throws IOException {
        makeImage(imageFormat);
        try (OtherProcess qemu = qemuIo("-r")) {
            assertThat(qemu.ask("read 0 512")).contains("read 512/512 bytes");
            open(Access.READ_ONLY).close();
            assertRefused(Access.READ_WRITE, "process " + qemu.pid() + " (qemu-io), as a reader");
        }
    }

    @Test
    void qemuReadsWithAWriterThatBecameAReader() throws IOException {
        try (HostFile file = open(Access.READ_WRITE);
                ImageLock lock =
                        ImageLock.acquire(faults.posix(), file.number(), image.toString(), Access.READ_WRITE)) {
            lock.share();
            assertThat(note()).startsWith("reader ");
            assertThat(qemuIoOnce("-r")).contains("read 512/512 bytes");
            open(Access.READ_ONLY).close();
            assertRefused(Access.READ_WRITE, "another disk of this process, as a reader");
        }
    }

    // --- the note ----------------------------------------------------------------------------------------------

    @Test
    void whoHoldsAnImageIsNotedOnIt() throws IOException {
        try (HostFile writer = open(Access.READ_WRITE)) {
            assertThat(note()).matches(THIS_PROCESS);
            assertThat(writer.sizeBytes()).isPositive();
        }
        assertThat(attributes().list()).isEmpty();
        try (HostFile reader = open(Access.READ_ONLY)) {
            assertThat(note()).startsWith("reader ").hasSizeLessThan(128);
            assertThat(reader.sizeBytes()).isPositive();
        }
        assertThat(attributes().list()).isEmpty();
    }

    @Test
    void aReaderLeavesTheNoteOfAnotherOne() throws IOException {
        try (HostFile first = open(Access.READ_ONLY)) {
            note("reader 7 1795578797 java kvm2");
            assertThat(first.sizeBytes()).isPositive();
        }
        assertThat(note()).isEqualTo("reader 7 1795578797 java kvm2");
        assertThat(open(Access.READ_WRITE)).satisfies(HostFile::close);
        assertThat(attributes().list()).isEmpty();
    }

    @Test
    void namesTheProcessOfAnotherHost() throws IOException {
        // Its lock is taken through a name of its own, as if it came through another host's mount.
        Path alias = image.resolveSibling(image.getFileName() + ".alias");
        Files.createLink(alias, image);
        try (OtherProcess other = OtherProcess.locking(alias)) {
            note("writer 4711 1795578797 java kvm2.example.org");
            assertRefused(
                    Access.READ_WRITE,
                    "process 4711 (java) of host kvm2.example.org since 2026-11-25T03:53:17Z, as a writer");
            assertThat(other.pid()).isPositive();
        } finally {
            Files.delete(alias);
        }
    }

    @Test
    void aNoteOfAProcessThatIsGoneMisleadsNobody() throws IOException {
        try (OtherProcess other = OtherProcess.locking(image)) {
            note("writer 4711 1795578797 java kvm2");
            assertRefused(Access.READ_ONLY, "process " + other.pid() + " (python3), as a writer");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "writer",
                "writer 4711 1795578797 java",
                "writer 4711 1795578797 java kvm2\n2026-11-25 all is well",
                "writer 4711 1795578797 java \u001b[2Jkvm2",
                "writer 4711 1795578797 java kvm\u00e9",
                "writer -1 1795578797 java kvm2",
                "writer 99999999999999999999 1795578797 java kvm2",
                "owner 4711 1795578797 java kvm2"
            })
    void aNoteOfAnotherFormIsNotRead(String text) throws IOException {
        note(text);
        try (HostFile reader = open(Access.READ_ONLY)) {
            note(text);
            assertThat(HolderNote.read(faults.posix(), reader.number())).isNull();
        }
    }

    @Test
    void aNoteThatIsTooLongIsNotRead() throws IOException {
        try (HostFile reader = open(Access.READ_ONLY)) {
            note("writer 4711 1795578797 java " + "k".repeat(2000));
            assertThat(HolderNote.read(faults.posix(), reader.number())).isNull();
            assertRefused(Access.READ_WRITE, "another disk of this process, as a reader");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EOPNOTSUPP, Errno.EPERM, Errno.EACCES, Errno.ENOSPC, Errno.EROFS})
    void anImageThatTakesNoNoteIsLockedAllTheSame(int errno) throws IOException {
        faults.fail("fsetxattr", errno);
        try (HostFile writer = open(Access.READ_WRITE)) {
            assertThat(writer.sizeBytes()).isPositive();
            assertThat(attributes().list()).isEmpty();
            assertRefused(Access.READ_WRITE, "another disk of this process, as a writer");
        }
    }
}
