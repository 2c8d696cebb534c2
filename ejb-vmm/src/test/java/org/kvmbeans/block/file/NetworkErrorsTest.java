package org.kvmbeans.block.file;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;

/** What the host says of storage that it reaches by a network comes through by its name. */
class NetworkErrorsTest {
    private final FaultyPosix faults = new FaultyPosix();
    private Path image = Path.of("");

    @BeforeEach
    void makeImage() throws IOException {
        image = Files.createTempFile("network", ".raw");
        Files.write(image, new byte[4096]);
    }

    @AfterEach
    void removeImage() throws IOException {
        Files.delete(image);
    }

    @ParameterizedTest
    @CsvSource({
        "5, EIO",
        "52, EBADE",
        "61, ENODATA",
        "62, ETIME",
        "67, ENOLINK",
        "84, EILSEQ",
        "101, ENETUNREACH",
        "104, ECONNRESET",
        "107, ENOTCONN",
        "110, ETIMEDOUT",
        "112, EHOSTDOWN",
        "113, EHOSTUNREACH",
        "116, ESTALE",
        "121, EREMOTEIO",
        "127, EKEYEXPIRED"
    })
    void aServerThatIsAwayIsAnErrorOfTheStorage(int errno, String name) throws IOException {
        NativeStruct memory = new NativeStruct(faults.posix(), 512);
        IoVector vector = new IoVector(faults.posix(), 1);
        vector.add(memory.buffer(), memory.address(), 0, 512);
        try (HostFile file = HostFile.open(
                faults.posix(), image.toString(), new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK))) {
            for (String call : new String[] {"pread", "pwrite", "fdatasync", "ftruncate", "fallocate"}) {
                faults.fail(call, errno);
            }
            assertStorageError(() -> file.read(0, vector), "read of 512 bytes at 0 failed: " + name);
            assertStorageError(() -> file.write(0, vector), "write of 512 bytes at 0 failed: " + name);
            assertStorageError(() -> file.resize(8192), "ftruncate to 8192 bytes failed: " + name);
            assertStorageError(() -> file.discard(0, 512), "FALLOC_FL_PUNCH_HOLE of 512 bytes at 0 failed: " + name);
            assertStorageError(file::flush, "fdatasync failed: " + name);
        }
    }

    private interface Request {
        void run() throws IOException;
    }

    private void assertStorageError(Request request, String what) {
        assertThatThrownBy(request::run)
                .hasMessage(image + ": " + what)
                .extracting(e -> ((DiskImageException) e).kind())
                .isEqualTo(Kind.IO_ERROR);
    }
}
