package org.kvmbeans;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The direction of the packages: each uses those that its row names, and nothing else of ours. */
class ArchitectureTest {
    private static final String BASE = "org.kvmbeans.";

    /** Every package, lower ones first, and what it may use besides itself; {@code ..} takes subpackages along. */
    private static final Map<String, List<String>> USES = uses();

    private static JavaClasses classes = new ClassFileImporter().importClasses(List.of());

    private static Map<String, List<String>> uses() {
        Map<String, List<String>> uses = new LinkedHashMap<>();
        uses.put("mbeans", List.of());
        uses.put("sys", List.of());
        uses.put("sys.jna", List.of("sys", "com.sun.jna.."));
        uses.put("memory", List.of("sys"));
        uses.put("kvm", List.of("sys", "memory"));
        uses.put("bus..", List.of());
        uses.put("state", List.of());
        uses.put("stream", List.of());
        uses.put("arch.x86..", List.of("kvm", "memory", "sys"));
        uses.put("block", List.of("sys"));
        uses.put("block.file", List.of("sys", "block"));
        uses.put("block.raw", List.of("sys", "block", "block.file"));
        uses.put("block.crypto", List.of("sys", "block", "javax.crypto..", "org.bouncycastle.."));
        uses.put("block.nbd", List.of("sys", "block", "javax.net.."));
        uses.put("block.qcow2..", List.of("sys", "block", "block.file", "block.crypto", "com.github.luben.zstd.."));
        uses.put("block.format", List.of("sys", "block.."));
        uses.put("block.task", List.of("sys", "block.."));
        uses.put("virtio.spi", List.of("memory", "sys"));
        uses.put("virtio.queue", List.of("memory", "sys", "virtio.spi"));
        uses.put("virtio.transport", List.of("memory", "sys", "bus..", "state", "virtio.spi"));
        for (String device : List.of("net", "block", "console", "rng", "balloon")) {
            uses.put(
                    "virtio." + device,
                    List.of("memory", "sys", "state", "stream", "block..", "virtio.spi", "virtio.queue"));
        }
        uses.put("virtio.vsock", List.of("sys", "virtio.spi", "virtio.vhost"));
        uses.put("virtio.vhost", List.of("memory", "sys", "virtio.spi", "virtio.queue"));
        uses.put("virtio.net.tap", List.of("sys", "virtio.spi", "virtio.queue", "virtio.vhost", "virtio.net"));
        uses.put("virtio.net.user", List.of("sys", "virtio.spi", "virtio.queue", "virtio.net"));
        uses.put("legacy..", List.of("bus..", "state", "stream"));
        uses.put(
                "machine..",
                List.of(
                        "sys",
                        "memory",
                        "kvm",
                        "bus..",
                        "state",
                        "stream",
                        "block..",
                        "virtio..",
                        "arch.x86..",
                        "legacy..",
                        "mbeans",
                        "com.fasterxml.jackson.."));
        uses.put(
                "export..",
                List.of(
                        "machine..",
                        "arch.x86",
                        "legacy..",
                        "stream",
                        "virtio..",
                        "block..",
                        "kvm",
                        "sys",
                        "mbeans",
                        "com.fasterxml.jackson.."));
        uses.put("worker..", List.of("export..", "machine..", "sys", "sys.jna", "mbeans"));
        uses.put(
                "ejb..",
                List.of(
                        "mbeans",
                        "worker..",
                        "export..",
                        "sys.jna",
                        "sys",
                        "jakarta..",
                        "org.eclipse.microprofile..",
                        "com.fasterxml.jackson.."));
        return uses;
    }

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.kvmbeans");
    }

    static List<String> packages() {
        return List.copyOf(USES.keySet());
    }

    private static String qualified(String name) {
        boolean ofOthers = List.of("com.", "org.", "jakarta", "javax.").stream().anyMatch(name::startsWith);
        return ofOthers ? name : BASE + name;
    }

    @ParameterizedTest
    @MethodSource("packages")
    void usesOnlyThePackagesBelowIt(String name) {
        List<String> allowed = new ArrayList<>(List.of("java..", "javax.management..", "org.jspecify.annotations"));
        allowed.add(qualified(name));
        USES.getOrDefault(name, List.of()).forEach(used -> allowed.add(qualified(used)));

        classes()
                .that()
                .resideInAPackage(qualified(name))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(allowed.toArray(String[]::new)))
                .allowEmptyShould(true)
                .check(classes);
    }

    @Test
    void everyPackageHasARow() {
        assertThat(classes.stream().map(JavaClass::getPackageName).distinct())
                .allMatch(name -> USES.keySet().stream()
                        .anyMatch(row -> row.endsWith("..")
                                ? (name + ".").startsWith(BASE + row.replace("..", "."))
                                : name.equals(BASE + row)))
                .isNotEmpty();
    }

    @Test
    void onlyOnePackageKnowsJna() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.kvmbeans.sys.jna")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(classes);
    }

    @Test
    void onlyTheServicesKnowTheServer() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.kvmbeans.ejb..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jakarta..", "org.eclipse.microprofile..")
                .check(classes);
    }
}
