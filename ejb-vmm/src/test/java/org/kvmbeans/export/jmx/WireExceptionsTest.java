package org.kvmbeans.export.jmx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.kvmbeans.kvm.KvmUnavailableException;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinitionReader;

class WireExceptionsTest {
    @Test
    void leavesExceptionsOfTheJdkAlone() {
        RuntimeException exception = new IllegalStateException("busy", new InterruptedException());

        assertThat(WireExceptions.withJdkTypes(exception)).isSameAs(exception);
    }

    @Test
    void refusedDefinitionIsAnIllegalArgument() {
        DefinitionException refused = catchThrowableOfType(
                DefinitionException.class, () -> VmDefinitionReader.readNew("", DefinitionLimits.ANY_HOST));

        assertThat(WireExceptions.withJdkTypes(refused))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage(refused.getMessage())
                .hasNoCause();
    }

    @Test
    void whatTheHostCannotDoIsAnIllegalState() {
        RuntimeException exception = new KvmUnavailableException("load the module");

        assertThat(WireExceptions.withJdkTypes(exception))
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessage("load the module");
    }

    @Test
    void causesAndSuppressedOnesOfOursAreLeftOut() {
        RuntimeException caused = new IllegalArgumentException("bad", new KvmUnavailableException("x"));
        RuntimeException suppressing = new IllegalStateException("worse");
        suppressing.addSuppressed(new KvmUnavailableException("y"));

        assertThat(WireExceptions.withJdkTypes(caused))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("bad")
                .hasNoCause();
        assertThat(WireExceptions.withJdkTypes(suppressing))
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasNoSuppressedExceptions();
    }
}
