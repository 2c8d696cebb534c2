package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.machine.TestDefinitions;
import org.kvmbeans.machine.definition.VmDefinition;

class DefinitionStoreTest {
    @TempDir
    Path folder;

    private Path vms = Path.of("/");

    @BeforeEach
    void name() {
        vms = folder.resolve("home/vms");
    }

    private static VmDefinition definition(String name) {
        return TestDefinitions.bare(name, 1, 1 << 20, Path.of("/kernel"), false);
    }

    @Test
    void givesBackWhatItWasGiven() throws IOException {
        VmDefinition b = definition("b");
        VmDefinition a = definition("a");
        DefinitionStore.open(vms).add(b);
        DefinitionStore.open(vms).add(a);

        DefinitionStore.Content content = DefinitionStore.open(vms).load();

        assertThat(content.definitions()).containsExactly(a, b);
        assertThat(content.unreadable()).isEmpty();
    }

    @Test
    void keepsFilesFromOthers() throws IOException {
        DefinitionStore.open(vms).add(definition("a"));

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(vms)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(vms.resolve("a.json"))))
                .isEqualTo("rw-------");
    }

    @Test
    void forgetsWhatWasRemoved() throws IOException {
        DefinitionStore store = DefinitionStore.open(vms);
        store.add(definition("a"));
        store.remove("a");
        store.remove("a");

        assertThat(vms).isEmptyDirectory();
    }

    @Test
    void overwritesNoFile() throws IOException {
        DefinitionStore store = DefinitionStore.open(vms);
        Files.writeString(vms.resolve("a.json"), "somebody's notes");

        assertThatIllegalStateException()
                .isThrownBy(() -> store.add(definition("a")))
                .withMessageContaining("a.json is there already");
        assertThat(vms.resolve("a.json")).hasContent("somebody's notes");
    }

    @Test
    void replacesADefinitionAndLeavesNothingElse() throws IOException {
        DefinitionStore store = DefinitionStore.open(vms);
        store.add(definition("a"));
        VmDefinition changed = TestDefinitions.bare("a", 2, 2 << 20, Path.of("/other"), false);

        store.replace(changed);

        assertThat(store.load().definitions()).containsExactly(changed);
        assertThat(vms).isDirectoryNotContaining("glob:**unfinished");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(vms.resolve("a.json"))))
                .isEqualTo("rw-------");
    }

    @Test
    void bringsBackNoDefinitionThatWasRemoved() throws IOException {
        DefinitionStore store = DefinitionStore.open(vms);
        store.add(definition("a"));
        store.remove("a");

        assertThatIllegalStateException()
                .isThrownBy(() -> store.replace(definition("a")))
                .withMessageContaining("a.json is gone");
        assertThat(vms).isEmptyDirectory();
    }

    @Test
    void dropsWhatACrashLeftUnfinished() throws IOException {
        DefinitionStore store = DefinitionStore.open(vms);
        Files.writeString(vms.resolve("a.unfinished"), "{\"na");

        assertThat(store.load().definitions()).isEmpty();
        assertThat(vms).isEmptyDirectory();
    }

    @Test
    void reportsAndKeepsWhatItCannotRead() throws IOException {
        DefinitionStore store = DefinitionStore.open(vms);
        store.add(definition("good"));
        Files.copy(vms.resolve("good.json"), vms.resolve("renamed.json"));
        Files.writeString(vms.resolve("empty.json"), "");
        Files.write(vms.resolve("latin1.json"), "{\"name\":\"ä\"}".getBytes(StandardCharsets.ISO_8859_1));
        Files.createDirectory(vms.resolve("folder.json"));
        Files.createSymbolicLink(vms.resolve("link.json"), vms.resolve("good.json"));
        Files.write(vms.resolve("large.json"), new byte[(1 << 20) + 1]);
        Files.writeString(vms.resolve("README"), "no definition, and no problem");

        DefinitionStore.Content content = store.load();

        assertThat(content.definitions()).extracting(VmDefinition::name).containsExactly("good");
        assertThat(content.unreadable())
                .hasSize(6)
                .allSatisfy(problem -> assertThat(problem)
                        .startsWith(vms.toString())
                        .contains(" is skipped: ")
                        .endsWith("; correct or remove it and restart"));
        assertThat(content.unreadable()).anyMatch(problem -> problem.contains("which belongs into good.json"));
        assertThat(vms).isDirectoryContaining("glob:**large.json");
    }
}
