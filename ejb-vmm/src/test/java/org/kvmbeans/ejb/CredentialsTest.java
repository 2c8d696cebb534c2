package org.kvmbeans.ejb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialsTest {
    @TempDir
    Path home;

    private void write(String name, String mode, String content) throws IOException {
        Path file = home.resolve(name);
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @Test
    void firstUserIsTheAdministratorAndTheOthersAreWhatRolesSays() throws IOException {
        write("credentials", "rw-------", "root:secret\n# a comment\n\noscar:pass:with:colons\nvera:x\n");
        write("roles", "rw-r--r--", "oscar:kvmbeans-operator\nroot:kvmbeans-viewer\n");
        Credentials credentials = new Credentials(home);

        assertThat(credentials.authenticate("root", "secret")).contains(Roles.ADMIN);
        assertThat(credentials.authenticate("oscar", "pass:with:colons")).contains(Roles.OPERATOR);
        assertThat(credentials.authenticate("vera", "x")).contains(Roles.VIEWER);
    }

    @Test
    void letsNobodyInWithAnotherPassword() throws IOException {
        write("credentials", "rw-------", "root:secret\n");
        Credentials credentials = new Credentials(home);

        assertThat(credentials.authenticate("root", "secre")).isEmpty();
        assertThat(credentials.authenticate("root", "")).isEmpty();
        assertThat(credentials.authenticate("nobody", "secret")).isEmpty();
        assertThat(credentials.authenticate("nobody", "")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw-rw----", "rwx-----x"})
    void refusesAFileThatOthersCanUse(String mode) throws IOException {
        write("credentials", mode, "root:secret\n");

        assertThatIOException()
                .isThrownBy(() -> new Credentials(home).authenticate("root", "secret"))
                .withMessageContaining("others")
                .withMessageContaining("0600");
    }

    @Test
    void refusesRolesThatOthersCanWrite() throws IOException {
        write("credentials", "rw-------", "root:secret\n");
        write("roles", "rw-rw-r--", "oscar:kvmbeans-admin\n");

        assertThatIOException().isThrownBy(() -> new Credentials(home).authenticate("root", "secret"));
    }

    @Test
    void readsTheFileAgainWhenItChanges() throws IOException {
        write("credentials", "rw-------", "root:secret\n");
        Credentials credentials = new Credentials(home);
        assertThat(credentials.authenticate("root", "secret")).isPresent();

        write("credentials", "rw-------", "root:another secret\n");
        assertThat(credentials.authenticate("root", "secret")).isEmpty();
        assertThat(credentials.authenticate("root", "another secret")).isPresent();

        Files.setPosixFilePermissions(home.resolve("credentials"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThatIOException().isThrownBy(() -> credentials.authenticate("root", "another secret"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"no colon\n", ":password\n", "root:a\nbad user:secret\n", "root:\n", "root:a\nroot:secret\n"})
    void refusesLinesThatAreNoUsersWithoutShowingThem(String content) throws IOException {
        write("credentials", "rw-------", content);

        assertThatIOException()
                .isThrownBy(() -> new Credentials(home).authenticate("root", "secret"))
                .withMessageContaining("credentials")
                .withMessageNotContaining("secret");
    }

    @Test
    void refusesARoleThatDoesNotExist() throws IOException {
        write("credentials", "rw-------", "root:secret\n");
        write("roles", "rw-------", "oscar:superuser\n");

        assertThatIOException()
                .isThrownBy(() -> new Credentials(home).authenticate("root", "secret"))
                .withMessageContaining("superuser")
                .withMessageContaining("kvmbeans-operator");
    }

    @Test
    void missingFileSaysWhatToWrite() {
        assertThatIOException()
                .isThrownBy(() -> new Credentials(home).authenticate("root", "secret"))
                .withMessageContaining("user:password");
    }

    @Test
    void higherRolesImplyLowerOnes() {
        assertThat(Roles.withImplied(Roles.ADMIN)).containsExactlyInAnyOrder(Roles.ADMIN, Roles.OPERATOR, Roles.VIEWER);
        assertThat(Roles.withImplied(Roles.OPERATOR)).containsExactlyInAnyOrder(Roles.OPERATOR, Roles.VIEWER);
        assertThat(Roles.withImplied(Roles.VIEWER)).containsExactly(Roles.VIEWER);
    }
}
