package org.kvmbeans.mbeans;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.DescriptorRead;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.NotCompliantMBeanException;
import javax.management.StandardMBean;
import javax.management.openmbean.SimpleType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every MXBean interface of the contract keeps to. */
class ContractRulesTest {
    /** The words of a name that are a unit. */
    private static final Map<String, String> UNIT_BY_WORD =
            Map.of("bytes", "bytes", "nanos", "nanoseconds", "millis", "milliseconds");

    static Stream<Class<?>> interfaces() {
        return Stream.of(
                HostMXBean.class,
                VirtualMachineMXBean.class,
                VcpuMXBean.class,
                SerialPortMXBean.class,
                DiskMXBean.class,
                NicMXBean.class,
                VirtQueueMXBean.class,
                BalloonMXBean.class,
                RngMXBean.class,
                ConsoleMXBean.class,
                ConsolePortMXBean.class,
                VsockMXBean.class,
                ImageStoreMXBean.class,
                ImageMXBean.class,
                JobMXBean.class);
    }

    private static Stream<Method> attributes(Class<?> type) {
        return Arrays.stream(type.getMethods()).filter(ContractRulesTest::isGetter);
    }

    private static Stream<Method> operations(Class<?> type) {
        return Arrays.stream(type.getMethods()).filter(method -> !isGetter(method));
    }

    private static boolean isGetter(Method method) {
        return method.getParameterCount() == 0
                && (method.getName().startsWith("get") || method.getName().startsWith("is"));
    }

    private static String unitOf(AnnotatedElement element) {
        Unit unit = element.getAnnotation(Unit.class);
        return unit == null ? "" : unit.value();
    }

    private static String unitOfName(String name) {
        if (name.toLowerCase(Locale.ROOT).contains("bytespersecond")) {
            return "bytes per second";
        }
        return Arrays.stream(name.split("(?=[A-Z])"))
                .map(word -> UNIT_BY_WORD.getOrDefault(word.toLowerCase(Locale.ROOT), ""))
                .filter(unit -> !unit.isEmpty())
                .findFirst()
                .orElse("");
    }

    @Test
    void knowsEveryMXBeanInterface() throws Exception {
        Path classes = Path.of(HostMXBean.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve("org/kvmbeans/mbeans");
        try (Stream<Path> files = Files.list(classes)) {
            Set<String> found = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("MXBean.class"))
                    .map(name -> name.replace(".class", ""))
                    .collect(Collectors.toSet());

            assertThat(interfaces().map(Class::getSimpleName)).containsExactlyInAnyOrderElementsOf(found);
        }
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void describesItselfAndEveryMethod(Class<?> type) {
        assertThat(type.getAnnotation(Description.class)).isNotNull();
        assertThat(type.getMethods())
                .allSatisfy(method -> assertThat(method.getAnnotation(Description.class))
                        .as(method.toString())
                        .isNotNull()
                        .extracting(Description::value)
                        .asString()
                        .isNotBlank());
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void namesAndDescribesEveryParameter(Class<?> type) {
        List<Parameter> parameters = operations(type)
                .flatMap(method -> Arrays.stream(method.getParameters()))
                .toList();

        assertThat(parameters).allSatisfy(parameter -> {
            assertThat(parameter.getAnnotation(Description.class)).isNotNull();
            assertThat(parameter.getAnnotation(ParameterName.class)).isNotNull();
            assertThat(parameter.getAnnotation(ParameterName.class).value()).isEqualTo(parameter.getName());
        });
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void saysTheImpactOfEveryOperation(Class<?> type) {
        assertThat(operations(type))
                .allSatisfy(method -> assertThat(method.getAnnotation(OperationImpact.class))
                        .as(method.toString())
                        .isNotNull());
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void givesTheUnitThatTheNameHolds(Class<?> type) {
        assertThat(attributes(type))
                .allSatisfy(method ->
                        assertThat(unitOf(method)).as(method.toString()).isEqualTo(unitOfName(method.getName())));
        assertThat(operations(type).flatMap(method -> Arrays.stream(method.getParameters())))
                .allSatisfy(parameter -> assertThat(unitOf(parameter))
                        .as(parameter.toString())
                        .isEqualTo(unitOfName(parameter.getName())));
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void countsBytesOfMemoryAndTimeInLongs(Class<?> type) {
        assertThat(
                        attributes(type)
                                .filter(
                                        method -> method.getName()
                                                .matches(
                                                        ".*(Memory.*Bytes|(Size|Allocated|Target|Actual|Guest.*)Bytes|Bytes(Received|Transmitted|Read|Written)|Nanos|Millis)")))
                .allSatisfy(method -> assertThat(method.getReturnType()).isEqualTo(long.class));
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void leavesTheUnitOutOfTheDescription(Class<?> type) {
        assertThat(type.getMethods())
                .filteredOn(method -> !unitOf(method).isEmpty())
                .allSatisfy(method -> assertThat(
                                method.getAnnotation(Description.class).value())
                        .doesNotContain("(" + unitOf(method) + ")"));
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void overloadsNoOperation(Class<?> type) {
        assertThat(Arrays.stream(type.getMethods()).map(Method::getName)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void offersNoWritableAttribute(Class<?> type) throws NotCompliantMBeanException {
        assertThat(info(type).getAttributes())
                .as("a change is an operation, so that roles and the audit log see it")
                .noneMatch(MBeanAttributeInfo::isWritable);
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void carriesOpenTypesOnly(Class<?> type) throws NotCompliantMBeanException {
        MBeanInfo info = info(type);

        assertThat(info.getAttributes())
                .hasSize((int) attributes(type).count())
                .allMatch(attribute -> openTypeOf(attribute) != null);
        assertThat(info.getOperations()).allMatch(operation -> openTypeOf(operation) != null);
        assertThat(Stream.concat(
                        Arrays.stream(info.getAttributes()).map(MBeanAttributeInfo::getType),
                        Arrays.stream(info.getOperations()).map(MBeanOperationInfo::getReturnType)))
                .noneMatch(name -> name.startsWith("org.kvmbeans"));
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void takesSimpleParametersOnly(Class<?> type) throws NotCompliantMBeanException {
        assertThat(info(type).getOperations())
                .allSatisfy(operation -> assertThat(operation.getSignature())
                        .allSatisfy(parameter -> assertThat(openTypeOf(parameter))
                                .as("JConsole greys out %s otherwise", operation.getName())
                                .isInstanceOf(SimpleType.class)));
    }

    @ParameterizedTest
    @MethodSource("interfaces")
    void putsTheUnitIntoTheDescriptor(Class<?> type) throws NotCompliantMBeanException {
        MBeanInfo info = info(type);

        assertThat(attributes(type).filter(method -> !unitOf(method).isEmpty())).allSatisfy(method -> {
            String attribute = method.getName().substring("get".length());
            assertThat(info.getAttributes())
                    .filteredOn(candidate -> candidate.getName().equals(attribute))
                    .singleElement()
                    .extracting(found -> found.getDescriptor().getFieldValue("units"))
                    .isEqualTo(unitOf(method));
        });
    }

    @Test
    void recordsNameUnitsToo() {
        Stream<Class<? extends Record>> records = Stream.of(
                VmUsage.class,
                ExitReasonStatistics.class,
                SerialOutput.class,
                VmLifecycleEvent.class,
                DiskUsage.class,
                NicUsage.class,
                QueueUsage.class,
                LatencyStatistics.class,
                GuestMemoryStatistics.class,
                RateLimits.class,
                VmDeviceEvent.class,
                JobProgress.class,
                JobEvent.class,
                StoreUsage.class,
                ImageLayer.class,
                ImageSnapshot.class,
                DirtyBitmap.class);

        assertThat(records.flatMap(type -> Arrays.stream(type.getRecordComponents())))
                .filteredOn(component -> component.getType() == long.class)
                .extracting(RecordComponent::getName)
                .allMatch(
                        name -> !unitOfName(name).isEmpty()
                                || name.matches("count|.*Count|.*Total|.*Position|.*Operations|operations.*"),
                        "names its unit, or is a count");
    }

    @Test
    void namesTypesAfterTheirInterfaces() {
        assertThat(Stream.of(
                                ObjectNames.host(),
                                ObjectNames.virtualMachine("a"),
                                ObjectNames.vcpu("a", 0),
                                ObjectNames.serialPort("a", "com1"),
                                ObjectNames.disk("a", "vda"),
                                ObjectNames.nic("a", "eth0"),
                                ObjectNames.virtQueue("a", "vda", 0),
                                ObjectNames.balloon("a"),
                                ObjectNames.rng("a"),
                                ObjectNames.console("a"),
                                ObjectNames.consolePort("a", "agent"),
                                ObjectNames.vsock("a"),
                                ObjectNames.imageStore("a"),
                                ObjectNames.image("a", "b.raw"),
                                ObjectNames.jobOfPool("a", 1))
                        .map(name -> name.getKeyProperty("type") + "MXBean"))
                .containsExactlyElementsOf(
                        interfaces().map(Class::getSimpleName).toList());
    }

    private static Object openTypeOf(DescriptorRead feature) {
        return feature.getDescriptor().getFieldValue("openType");
    }

    /** The info that the JDK's own rules give to a bean of the interface. */
    private static MBeanInfo info(Class<?> type) throws NotCompliantMBeanException {
        return new StandardMBean(stub(type), uncheckedType(type), true).getMBeanInfo();
    }

    @SuppressWarnings("unchecked") // the proxy below implements the interface
    private static <T> Class<T> uncheckedType(Class<?> type) {
        return (Class<T>) type;
    }

    private static Object stub(Class<?> type) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            throw new UnsupportedOperationException(method.toString());
        });
    }
}
