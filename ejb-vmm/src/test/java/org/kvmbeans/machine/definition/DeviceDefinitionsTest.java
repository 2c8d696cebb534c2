package org.kvmbeans.machine.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.arch.x86.CpuTopology;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.machine.definition.NicDefinition.Backend;
import org.kvmbeans.virtio.block.ErrorPolicy;
import org.kvmbeans.virtio.spi.RateLimits;

class DeviceDefinitionsTest {
    private static final DefinitionLimits HOST = new DefinitionLimits(64, 64L << 30);

    @TempDir
    Path folder;

    private Path image = Path.of("/");

    @BeforeEach
    void makeImage() throws IOException {
        image = Files.writeString(folder.resolve("disk.raw"), "disk");
    }

    private String json(String moreKeys) {
        return ("{'name':'web01','memory':'512MiB','kernel':'" + image + "'," + moreKeys + "}").replace('\'', '"');
    }

    private VmDefinition read(String moreKeys) {
        return VmDefinitionReader.readNew(json(moreKeys), HOST);
    }

    private void refuses(String moreKeys, String... saying) {
        DefinitionException refusal = catchThrowableOfType(DefinitionException.class, () -> read(moreKeys));
        assertThat(refusal).as(moreKeys).isNotNull().hasMessageContainingAll(saying);
    }

    private String disk(String moreKeys) {
        return "'disks':[{'name':'vda','path':'" + image + "','format':'raw'" + moreKeys + "}]";
    }

    @Test
    void machineHasEntropyAndABalloonUnlessToldOtherwise() {
        DeviceDefinitions devices = read("'vcpus':1").devices();

        assertThat(devices).isEqualTo(new DeviceDefinitions(List.of(), List.of(), List.of(), true, true, 0));
    }

    @Test
    void fillsInADisksDefaults() {
        assertThat(read(disk("")).devices().disks())
                .containsExactly(new DiskDefinition(
                        "vda",
                        image,
                        DiskFormat.RAW,
                        false,
                        CacheMode.WRITEBACK,
                        "",
                        1,
                        512,
                        true,
                        ErrorPolicy.REPORT,
                        RateLimits.NONE,
                        ""));
    }

    @Test
    void readsEveryKeyOfADisk() {
        assertThat(read(disk(",'readOnly':true,'cache':'none','serial':'S-1','queues':4,'blockBytes':4096,"
                                + "'discard':false,'onError':'stop','limits':{'bytesPerSecond':'1MiB','burstBytes':10,"
                                + "'operationsPerSecond':5,'burstOperations':6},'secret':'web01.disk'"))
                        .devices()
                        .disks())
                .containsExactly(new DiskDefinition(
                        "vda",
                        image,
                        DiskFormat.RAW,
                        true,
                        CacheMode.NONE,
                        "S-1",
                        4,
                        4096,
                        false,
                        ErrorPolicy.STOP,
                        new RateLimits(1 << 20, 10, 5, 6),
                        "web01.disk"));
    }

    @Test
    void readsBackWhatItsWriterWrites() {
        VmDefinition definition = read(disk(",'cache':'directsync'")
                + ",'nics':[{'name':'eth0','tap':'tap7','backend':'tap','mtu':9000,'receiveLimits':{'bytesPerSecond':9}},"
                + "{'name':'eth1','forwards':['tcp:127.0.0.1:2222:22']}],'consoles':['org.example.agent'],'rng':false,"
                + "'vsock':{'cid':42},'vcpus':2,'topology':{'sockets':2,'cores':3,'threads':2}");

        assertThat(VmDefinitionReader.readStored(VmDefinitionWriter.write(definition)))
                .isEqualTo(definition);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ",'cach':'none' | key \"disks[0].cach\" is unknown; did you mean \"cache\"?",
                ",'cache':'fast' | disks[0].cache is \"fast\"; give one of directsync, none",
                ",'queues':0 | disks[0].queues is 0; give a whole number from 1 to 64",
                ",'blockBytes':1024 | disks[0].blockBytes is \"1024\"; give 512 or 4096",
                ",'serial':'123456789012345678901' | disks[0].serial is ",
                ",'secret':'../credentials' | disks[0].secret is ",
                ",'onError':true | disks[0].onError is true; give one of ignore, report, stop",
                ",'limits':5 | disks[0].limits is 5; give an object like",
                ",'limits':{'bytesPerSecond':-1} | disks[0].limits.bytesPerSecond is -1; give a size",
                ",'limits':{'burstBytes':1} | disks[0].limits.bytesPerSecond is missing; burstBytes needs it"
            })
    void refusesImpossibleValuesOfADisk(String keys, String saying) {
        refuses(disk(keys), saying);
    }

    @Test
    void refusesADiskWithoutNamePathOrFormat() {
        refuses("'disks':[{}]", "disks[0].name is missing", "disks[0].path is missing", "disks[0].format is missing");
        refuses("'disks':{}", "disks is an object; give a list of objects like");
        refuses("'disks':[7]", "disks[0] is 7; give a list of objects like");
    }

    @Test
    void refusesPathsThatAreNoDisk() {
        refuses("'disks':[{'name':'vda','path':'/no/such','format':'raw'}]", "there is no such file");
        refuses("'disks':[{'name':'vda','path':'" + folder + "','format':'raw'}]", "that is a directory");
        refuses("'disks':[{'name':'vda','path':'/dev/null','format':'raw'}]", "neither a file nor a block device");
        refuses("'disks':[{'name':'vda','path':'disk.raw','format':'raw'}]", "give an absolute path");
    }

    @Test
    void refusesWhatTwoDevicesMustNotShare() {
        String one = "{'name':'vda','path':'" + image + "','format':'raw'}";
        refuses("'disks':[" + one + "," + one + "]", "disks[1].name is \"vda\"; another", "disks[1].path is ");
        refuses(disk("") + ",'nics':[{'name':'vda'}]", "nics[0].name is \"vda\"; another device");
        refuses(
                "'nics':[{'name':'a','mac':'52:54:00:00:00:01'},{'name':'b','mac':'52:54:00:00:00:01'}]",
                "nics[1].mac is ");
        refuses("'nics':[{'name':'balloon'}]", "that name is a device's already");
    }

    @Test
    void everyNicHasAnAddressOfItsOwn() {
        VmDefinition definition = read("'nics':[{'name':'a'},{'name':'b'}]");

        assertThat(definition.devices().nics()).extracting(NicDefinition::mac).doesNotHaveDuplicates();
        assertThat(definition.devices().nics().get(0).mac()).matches("52:54:00(:[0-9a-f]{2}){3}");
    }

    @Test
    void nicWithoutAPlaceOnTheHostNeedsNoPrivileges() {
        assertThat(read("'nics':[{'name':'a'}]").devices().nics().get(0).backend())
                .isEqualTo(Backend.USER);
        assertThat(read("'nics':[{'name':'a','tap':'t','transmitLimits':{'bytesPerSecond':1}}]")
                        .devices()
                        .nics()
                        .get(0)
                        .backend())
                .isEqualTo(Backend.TAP);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'mac':'01:00:5e:00:00:01' | nics[0].mac is \"01:00:5e:00:00:01\"; give a unicast address",
                "'mac':'52:54:00' | nics[0].mac is ",
                "'bridge':'a/b' | nics[0].bridge is \"a/b\"; give a name of the host's interfaces",
                "'tap':'1234567890123456' | nics[0].tap is ",
                "'backend':'user','bridge':'br0' | nics[0].backend is \"user\"; it knows neither bridge nor tap",
                "'backend':'vhost','tap':'t','receiveLimits':{'bytesPerSecond':1} | the kernel's vhost knows no limits",
                "'mtu':67 | nics[0].mtu is 67; give a whole number from 68 to 65521",
                "'queues':2 | nics[0].queues is 2; give a whole number from 1 to 1",
                "'forwards':['tcp:127.0.0.1:0:22'] | nics[0].forwards is \"tcp:127.0.0.1:0:22\"; give a list like",
                "'tap':'t','backend':'tap','forwards':['tcp:127.0.0.1:1:22'] | only the backend \"user\" forwards"
            })
    void refusesImpossibleValuesOfANic(String keys, String saying) {
        refuses("'nics':[{'name':'eth0'," + keys + "}]", saying);
    }

    @Test
    void refusesMoreDevicesThanTheBusTakes() {
        StringBuilder nics = new StringBuilder("'nics':[");
        for (int i = 0; i < 30; i++) {
            nics.append("{'name':'e").append(i).append("'},");
        }
        refuses(nics + "{'name':'last'}]", "the PCI bus has room for 31");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "2", "4294967295", "'3'", "null"})
    void refusesSocketAddressesThatAreNone(String cid) {
        refuses("'vsock':{'cid':" + cid + "}", "vsock.cid is ", "give a whole number from 3 to 4294967294");
    }

    @Test
    void vcpusFollowFromTheTopologyAndTheOtherWayRound() {
        assertThat(read("'topology':{'sockets':2,'cores':2,'threads':2}").processors())
                .isEqualTo(new ProcessorDefinition(8, 8, new CpuTopology(2, 2, 2)));
        assertThat(read("'vcpus':2,'maxVcpus':6").processors())
                .isEqualTo(new ProcessorDefinition(2, 6, new CpuTopology(1, 6, 1)));
        refuses("'vcpus':3,'maxVcpus':2", "vcpus is 3; give at most maxVcpus, 2");
        refuses("'maxVcpus':4,'topology':{'cores':3}", "topology is \"1x3x1\"; give one whose product is maxVcpus, 4");
        refuses("'topology':{'sockets':64,'cores':64}", "this host can give one VM 64 vCPUs");
        refuses("'topology':[]", "topology is a list; give an object like");
    }
}
