package org.kvmbeans.jolokia;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kvmbeans.ejb.Roles;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.ConsolePortMXBean;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.ImageMXBean;
import org.kvmbeans.mbeans.ImageStoreMXBean;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.OperationImpact;
import org.kvmbeans.mbeans.OperationImpact.Impact;
import org.kvmbeans.mbeans.SerialPortMXBean;
import org.kvmbeans.mbeans.VirtualMachineMXBean;

/** What the policy says of every operation that the contract has. */
class RolePolicyTest {
    private final RolePolicy policy = new RolePolicy();

    static Stream<Method> operations() {
        return Stream.of(
                        HostMXBean.class,
                        VirtualMachineMXBean.class,
                        SerialPortMXBean.class,
                        ConsolePortMXBean.class,
                        DiskMXBean.class,
                        NicMXBean.class,
                        BalloonMXBean.class,
                        ImageStoreMXBean.class,
                        ImageMXBean.class,
                        JobMXBean.class)
                .flatMap(type -> Arrays.stream(type.getMethods()))
                .filter(method -> method.isAnnotationPresent(OperationImpact.class));
    }

    private boolean allows(String role, Method operation) throws Exception {
        Caller.enter(new Caller("someone", Roles.withImplied(role)));
        return policy.isOperationAllowed(new ObjectName("org.kvmbeans:type=Any"), operation.getName());
    }

    @AfterEach
    void leave() {
        Caller.leave();
    }

    @ParameterizedTest
    @MethodSource("operations")
    void anAdministratorMayDoAllThatTheContractHas(Method operation) throws Exception {
        assertThat(allows(Roles.ADMIN, operation)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("operations")
    void aViewerChangesNothing(Method operation) throws Exception {
        boolean reads = operation.getAnnotation(OperationImpact.class).value() == Impact.INFO;

        assertThat(allows(Roles.VIEWER, operation)).isIn(reads ? List.of(true, false) : List.of(false));
    }

    @Test
    void nobodyReachesTheContentsOfImagesAndSecretsButAdministrators() throws Exception {
        for (String operation : List.of("read", "appendUpload", "convert", "startExport", "defineSecret", "addKey")) {
            Method method = operations()
                    .filter(each -> each.getName().equals(operation))
                    .findFirst()
                    .orElseThrow();
            assertThat(allows(Roles.OPERATOR, method)).as(operation).isFalse();
        }
    }
}
