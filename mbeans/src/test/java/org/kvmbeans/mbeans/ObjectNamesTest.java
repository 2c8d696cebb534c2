package org.kvmbeans.mbeans;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectNamesTest {
    @Test
    void keepsTheKeysInTheOrderOfTheContract() {
        assertThat(ObjectNames.host()).hasToString("org.kvmbeans:type=Host");
        assertThat(ObjectNames.virtualMachine("web01")).hasToString("org.kvmbeans:type=VirtualMachine,vm=web01");
        assertThat(ObjectNames.vcpu("web01", 3)).hasToString("org.kvmbeans:type=Vcpu,vm=web01,id=3");
        assertThat(ObjectNames.serialPort("web01", "com1"))
                .hasToString("org.kvmbeans:type=SerialPort,vm=web01,name=com1");
        assertThat(ObjectNames.disk("web01", "vda")).hasToString("org.kvmbeans:type=Disk,vm=web01,name=vda");
        assertThat(ObjectNames.nic("web01", "eth0")).hasToString("org.kvmbeans:type=Nic,vm=web01,name=eth0");
        assertThat(ObjectNames.virtQueue("web01", "vda", 2))
                .hasToString("org.kvmbeans:type=VirtQueue,vm=web01,device=vda,id=2");
        assertThat(ObjectNames.consolePort("web01", "agent"))
                .hasToString("org.kvmbeans:type=ConsolePort,vm=web01,name=agent");
        assertThat(ObjectNames.console("web01")).hasToString("org.kvmbeans:type=Console,vm=web01");
        assertThat(ObjectNames.balloon("web01")).hasToString("org.kvmbeans:type=Balloon,vm=web01");
        assertThat(ObjectNames.rng("web01")).hasToString("org.kvmbeans:type=Rng,vm=web01");
        assertThat(ObjectNames.vsock("web01")).hasToString("org.kvmbeans:type=Vsock,vm=web01");
        assertThat(ObjectNames.imageStore("fast")).hasToString("org.kvmbeans:type=ImageStore,name=fast");
        assertThat(ObjectNames.image("fast", "web01.raw"))
                .hasToString("org.kvmbeans:type=Image,pool=fast,name=web01.raw");
        assertThat(ObjectNames.jobOfPool("fast", 42)).hasToString("org.kvmbeans:type=Job,pool=fast,id=42");
        assertThat(ObjectNames.jobOfVm("web01", 42)).hasToString("org.kvmbeans:type=Job,vm=web01,id=42");
    }

    @Test
    void patternsMatchWhatTheySay() {
        assertThat(ObjectNames.everyOfType("Vcpu").apply(ObjectNames.vcpu("a", 0)))
                .isTrue();
        assertThat(ObjectNames.everyOfType("Vcpu", "a").apply(ObjectNames.vcpu("b", 0)))
                .isFalse();
        assertThat(ObjectNames.everythingOf("a").apply(ObjectNames.serialPort("a", "com1")))
                .isTrue();
        assertThat(ObjectNames.everythingOf("a").apply(ObjectNames.host())).isFalse();
        assertThat(ObjectNames.everythingOf("a").apply(ObjectNames.jobOfVm("a", 1)))
                .isTrue();
        assertThat(ObjectNames.everyOfTypeInPool("Job", "a").apply(ObjectNames.jobOfPool("a", 1)))
                .isTrue();
        assertThat(ObjectNames.jobOfId(42).apply(ObjectNames.jobOfVm("a", 42))).isTrue();
        assertThat(ObjectNames.jobOfId(42).apply(ObjectNames.jobOfPool("a", 4))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a,b", "a*", "a?", "a/b", "a=b", "a:b", "a b", "\"a\"", "a\n", "ä"})
    void refusesNamesThatWouldChangeTheObjectName(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ObjectNames.virtualMachine(name))
                .withMessageContaining("a name is 1 to 64 of the characters");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".hidden", "-option", "a/b", "..", "a b", "a,b", "a*", "\"a\""})
    void refusesImageNamesThatLeadElsewhereOrHide(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ObjectNames.image("a", name))
                .withMessageContaining("the first neither . nor -");
    }

    @Test
    void refusesNameOf65Characters() {
        assertThat(ObjectNames.virtualMachine("a".repeat(64)).getKeyProperty("vm"))
                .hasSize(64);
        assertThatIllegalArgumentException().isThrownBy(() -> ObjectNames.virtualMachine("a".repeat(65)));
    }

    @Test
    void refusesNegativeIds() {
        assertThatIllegalArgumentException().isThrownBy(() -> ObjectNames.virtQueue("a", "vda", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> ObjectNames.vcpu("a", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> ObjectNames.jobOfVm("a", -1));
    }

    @Test
    void readsAKeyOfAName() {
        assertThat(ObjectNames.property(ObjectNames.vcpu("a", 7), "id")).isEqualTo("7");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ObjectNames.property(ObjectNames.host(), "vm"))
                .withMessageContaining("has no key vm");
    }
}
