package org.kvmbeans.machine.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VmDefinitionReaderTest {
    private static final DefinitionLimits SMALL_HOST = new DefinitionLimits(16, 64L << 30);

    @TempDir
    Path folder;

    private Path kernel = Path.of("/");

    @BeforeEach
    void makeKernel() throws IOException {
        kernel = Files.writeString(folder.resolve("vmlinuz"), "kernel");
    }

    private VmDefinition read(String moreKeys) {
        return VmDefinitionReader.readNew(json(moreKeys), SMALL_HOST);
    }

    /** A right definition with {@code moreKeys} (single-quoted) added. */
    private String json(String moreKeys) {
        return ("{'name':'web01','memory':'512MiB','kernel':'" + kernel + "'"
                        + (moreKeys.isEmpty() ? "" : "," + moreKeys) + "}")
                .replace('\'', '"');
    }

    private DefinitionException refusal(String json) {
        return catchThrowableOfType(
                DefinitionException.class, () -> VmDefinitionReader.readNew(json.replace('\'', '"'), SMALL_HOST));
    }

    private void refuses(String moreKeys, String... saying) {
        assertThat(refusal(json(moreKeys))).isNotNull().hasMessageContainingAll(saying);
    }

    @Test
    void fillsInDefaults() {
        VmDefinition definition = read("");

        assertThat(definition.vcpus()).isEqualTo(1);
        assertThat(definition.memoryBytes()).isEqualTo(512L << 20);
        assertThat(definition.initrd()).isNull();
        assertThat(definition.cmdline()).isEqualTo("console=ttyS0");
        assertThat(definition.autostart()).isFalse();
        assertThat(definition.debugExit()).isFalse();
        assertThat(definition.uuid()).isNotEqualTo(read("").uuid());
    }

    @Test
    void readsEveryKey() {
        VmDefinition definition = read("'uuid':'3F2504E0-4f89-41d3-9a0c-0305e82c3301','vcpus':16,'initrd':'" + kernel
                + "','cmdline':'quiet','autostart':true,'debugExit':true,'disks':[],'nics':[],'consoles':[],"
                + "'rng':false,'balloon':false");

        assertThat(definition)
                .isEqualTo(new VmDefinition(
                        "web01",
                        UUID.fromString("3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
                        ProcessorDefinition.of(16),
                        512L << 20,
                        kernel,
                        kernel,
                        "quiet",
                        true,
                        true,
                        DeviceDefinitions.NONE));
    }

    @Test
    void readsBackWhatItsWriterWrites() {
        VmDefinition definition = read("'vcpus':3,'autostart':true");

        assertThat(VmDefinitionReader.readStored(VmDefinitionWriter.write(definition)))
                .isEqualTo(definition);
    }

    @ParameterizedTest
    @CsvSource({"1048576,1048576", "'\"1MiB\"',1048576", "'\"1024KiB\"',1048576", "'\"64GiB\"',68719476736"})
    void readsMemoryAsTextOrBytes(String memory, long bytes) {
        String json = "{\"name\":\"a\",\"kernel\":\"" + kernel + "\",\"memory\":" + memory + "}";

        assertThat(VmDefinitionReader.readNew(json, SMALL_HOST).memoryBytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "1048575",
                "\"0MiB\"",
                "\"512KiB\"",
                "1048577",
                "\"512MB\"",
                "\"512\"",
                "\"\"",
                "\"65GiB\"",
                "\"5TiB\"",
                "\"9999999999999999999TiB\"",
                "99999999999999999999999",
                "1.5e9",
                "true",
                "null",
                "[]",
                "{}",
                "\"-1MiB\"",
                "\"512 MiB\""
            })
    void refusesImpossibleMemory(String memory) {
        String json = "{\"name\":\"a\",\"kernel\":\"" + kernel + "\",\"memory\":" + memory + "}";

        assertThat(refusal(json).problems()).hasSize(1).first().asString().startsWith("memory is ");
    }

    @Test
    void namesTheMostMemoryOfTheHost() {
        assertThat(refusal("{'name':'a','kernel':'" + kernel + "','memory':'65GiB'}"))
                .hasMessageContaining("memory is \"65GiB\"; this host can give 1MiB to 64GiB");
    }

    @Test
    void proposesTheNearestWholePage() {
        assertThat(refusal("{'name':'a','kernel':'" + kernel + "','memory':1048577}"))
                .hasMessageContaining("give a multiple of 4KiB, for example \"1MiB\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0", "-1", "17", "1000000", "1.5", "1e0", "'2'", "true", "null", "[1]", "99999999999999999999"})
    void refusesImpossibleVcpus(String vcpus) {
        refuses("'vcpus':" + vcpus, "vcpus is ", "give a whole number from 1 to 16");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a,b", "a*", "a/b", "../a", "a b", "ä", "a\\nb", "a:b", "a=b", "a?"})
    void refusesNamesThatAreNone(String name) {
        assertThat(refusal("{'name':'" + name + "','memory':'1MiB','kernel':'" + kernel + "'}"))
                .hasMessageContainingAll("name is ", "give 1 to 64 of the characters");
    }

    @Test
    void refusesNameOf65Characters() {
        assertThat(refusal("{'name':'" + "a".repeat(65) + "','memory':'1MiB','kernel':'" + kernel + "'}"))
                .hasMessageContaining("name is ");
    }

    @Test
    void refusesUnknownKeyAndNamesTheNearOne() {
        refuses("'vcpu':2", "key \"vcpu\" is unknown; did you mean \"vcpus\"?");
        refuses("'VCPUS':2", "did you mean \"vcpus\"?");
        refuses("'colour':'red'", "key \"colour\" is unknown; the keys are name, uuid, vcpus, maxVcpus");
    }

    @Test
    void refusesDuplicateKey() {
        refuses("'name':'web02'", "Duplicate", "name");
    }

    @Test
    void reportsEveryProblemAtOnce() {
        DefinitionException refusal = refusal("{'vcpus':0,'memory':0,'kernel':'vmlinuz','cmdlien':''}");

        assertThat(refusal.problems()).hasSize(5);
    }

    @Test
    void boundsTheReportOfManyProblems() {
        StringBuilder json = new StringBuilder("{");
        for (int i = 0; i < 1000; i++) {
            json.append("'k").append(i).append("':0,");
        }
        DefinitionException refusal = refusal(json.append("'name':0}").toString());

        assertThat(refusal.problems()).hasSize(21).last().asString().matches("and \\d+ more problems");
    }

    @Test
    void shortensAndCleansQuotedValues() {
        DefinitionException refusal = refusal("{'" + "x".repeat(5000) + "\\n':1}");

        assertThat(refusal.getMessage()).hasSizeLessThan(1000).doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "null", "[]", "3", "'web01'", "{", "{}x", "{} {}", "{'name':}", "\0"})
    void refusesWhatIsNoJsonObject(String json) {
        assertThat(refusal(json)).isNotNull();
    }

    @Test
    void refusesDeepNesting() {
        refuses("'disks':" + "[".repeat(100_000) + "]".repeat(100_000), "nested too deeply");
    }

    @Test
    void refusesDocumentBeyondItsSize() {
        assertThat(refusal(" ".repeat(DefinitionDocument.MAX_LENGTH) + json("")))
                .hasMessageContaining("give at most 1048576");
    }

    @ParameterizedTest
    @ValueSource(strings = {"autostart", "debugExit"})
    void refusesFlagsThatAreNoBoolean(String key) {
        refuses("'" + key + "':'yes'", key + " is \"yes\"; give true or false");
        refuses("'" + key + "':1", key + " is 1; give true or false");
        refuses("'" + key + "':null", key + " is null; give true or false");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'1-1-1-1-1'", "''", "7", "'3f2504e0-4f89-41d3-9a0c-0305e82c330g'"})
    void refusesUuidThatIsNone(String uuid) {
        refuses("'uuid':" + uuid, "uuid is ", "give a UUID like");
    }

    @Test
    void takesTheLongestCommandLineAndRefusesOneMore() {
        assertThat(read("'cmdline':'" + "c".repeat(2047) + "'").cmdline()).hasSize(2047);
        refuses("'cmdline':'" + "c".repeat(2048) + "'", "the boot protocol takes at most 2047 characters");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\u0000b", "a\\nb", "a\\tb", "ä", "\\u007f"})
    void refusesCommandLineThatCannotBePrinted(String cmdline) {
        refuses("'cmdline':'" + cmdline + "'", "cmdline is ", "printable ASCII");
    }

    @Test
    void refusesMissingKernel() {
        assertThat(refusal("{'name':'a','memory':'1MiB','kernel':'/no/such/kernel'}"))
                .hasMessageContaining("kernel is \"/no/such/kernel\"; there is no such file");
        assertThat(refusal("{'name':'a','memory':'1MiB'}")).hasMessageContaining("kernel is missing");
    }

    @Test
    void refusesDirectoryAsKernel() {
        assertThat(refusal("{'name':'a','memory':'1MiB','kernel':'" + folder + "'}"))
                .hasMessageContaining("that is a directory");
    }

    @Test
    void refusesDeviceAsKernel() {
        assertThat(refusal("{'name':'a','memory':'1MiB','kernel':'/dev/zero'}"))
                .hasMessageContaining("that is a device, socket or pipe");
    }

    @Test
    void refusesEmptyKernel() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty"));

        assertThat(refusal("{'name':'a','memory':'1MiB','kernel':'" + empty + "'}"))
                .hasMessageContaining("that file is empty");
    }

    @Test
    void refusesRelativePathAndNul() {
        assertThat(refusal("{'name':'a','memory':'1MiB','kernel':'boot/vmlinuz'}"))
                .hasMessageContaining("kernel is \"boot/vmlinuz\"; give an absolute path");
        refuses("'initrd':'/a\\u0000b'", "initrd is ", "give a path");
        refuses("'initrd':''", "initrd is \"\"; give an absolute path");
        refuses("'initrd':5", "initrd is 5; give an absolute path");
    }

    @Test
    void refusesMissingInitrd() {
        refuses("'initrd':'/no/such/initrd'", "initrd is \"/no/such/initrd\"; there is no such file");
    }

    @Test
    void storedDefinitionOutlivesItsKernelAndItsHost() throws IOException {
        String stored = json("'vcpus':288,'initrd':'/no/such/initrd'");
        Files.delete(kernel);

        assertThat(VmDefinitionReader.readStored(stored).vcpus()).isEqualTo(288);
    }
}
