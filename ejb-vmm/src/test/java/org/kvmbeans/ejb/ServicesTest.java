package org.kvmbeans.ejb;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.annotation.security.RolesAllowed;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.Arrays;
import java.util.List;
import javax.management.InstanceNotFoundException;
import javax.management.RuntimeMBeanException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.ejb.RefusedException.Kind;

class ServicesTest {
    @ParameterizedTest
    @ValueSource(
            classes = {
                HostService.class,
                InventoryService.class,
                LifecycleService.class,
                DeviceService.class,
                SerialConsoleService.class,
                StorageService.class,
                ImageService.class,
                JobService.class
            })
    void everyMethodNamesItsRole(Class<?> service) {
        List<Method> methods = Arrays.stream(service.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .toList();

        assertThat(methods).isNotEmpty().allMatch(method -> method.isAnnotationPresent(RolesAllowed.class));
    }

    @Test
    void refusalHasTheMBeansWordsAndKind() {
        RefusedException invalid =
                Refusals.refusal(new RuntimeMBeanException(new IllegalArgumentException("vcpus is 0; give 1 to 8")));
        RefusedException missing =
                Refusals.refusal(new UndeclaredThrowableException(new InstanceNotFoundException("org.kvmbeans:vm=a")));
        RefusedException wrongState = Refusals.refusal(new IllegalStateException("VM a is STOPPED"));

        assertThat(invalid).hasMessage("vcpus is 0; give 1 to 8");
        assertThat(invalid.kind()).isEqualTo(Kind.INVALID);
        assertThat(missing).hasMessageContaining("org.kvmbeans:vm=a");
        assertThat(missing.kind()).isEqualTo(Kind.NOT_FOUND);
        assertThat(wrongState.kind()).isEqualTo(Kind.WRONG_STATE);
        assertThat(Refusals.refusal(new UnsupportedOperationException()).kind()).isEqualTo(Kind.FAILED);
    }

    @Test
    void auditLineCannotBeForgedByAnArgument() throws NoSuchMethodException {
        Method start = LifecycleService.class.getMethod("start", String.class);

        assertThat(AuditLog.arguments(start, new Object[] {"a\" result=ok\nuser=\"admin"}))
                .isEqualTo("[\"a\\\" result=ok\\u000auser=\\\"admin\"]");
    }

    @Test
    void auditLineDoesNotTellWhatWasTyped() throws NoSuchMethodException {
        Method write = SerialConsoleService.class.getMethod("write", String.class, String.class, String.class);

        assertThat(AuditLog.arguments(write, new Object[] {"web01", "com1", "secret\n"}))
                .isEqualTo("[\"web01\",\"com1\",(7 characters)]");
    }

    @Test
    void auditLineDoesNotTellASecret() throws NoSuchMethodException {
        Method define = StorageService.class.getMethod("defineSecret", String.class, String.class);

        assertThat(AuditLog.arguments(define, new Object[] {"web01", "correct horse"}))
                .isEqualTo("[\"web01\",(13 characters)]");
    }

    @Test
    void auditLineIsBounded() throws NoSuchMethodException {
        Method define = HostService.class.getMethod("defineVm", String.class);

        assertThat(AuditLog.arguments(define, new Object[] {"x".repeat(100_000)}))
                .hasSizeLessThan(1000);
    }
}
