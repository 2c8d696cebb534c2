package org.kvmbeans.export.jmx;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.AttributeNotFoundException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanException;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanParameterInfo;
import javax.management.NotificationEmitter;
import javax.management.ReflectionException;
import javax.management.StandardEmitterMBean;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.mbeans.Description;
import org.kvmbeans.mbeans.OperationImpact;
import org.kvmbeans.mbeans.ParameterName;
import org.kvmbeans.mbeans.Unit;

/**
 * An MXBean with the descriptions, units, parameter names and impacts that its interface is annotated with, which lets
 * only exceptions of the JDK out.
 *
 * @param <T> the MXBean interface
 */
public final class DescribedMBean<T> extends StandardEmitterMBean {
    /**
     * The information of an interface, shared by all its beans: a thousand VMs would otherwise hold a thousand copies of
     * it, some tens of kilobytes each.
     */
    private static final Map<Class<?>, MBeanInfo> INFO_BY_IMPLEMENTATION = new ConcurrentHashMap<>();

    private final Class<T> mxbeanInterface;

    /** @param emitter sends the notifications that listeners of this MBean get */
    public DescribedMBean(T implementation, Class<T> mxbeanInterface, NotificationEmitter emitter) {
        super(implementation, mxbeanInterface, true, emitter);
        this.mxbeanInterface = mxbeanInterface;
    }

    @Override
    protected @Nullable MBeanInfo getCachedMBeanInfo() {
        return INFO_BY_IMPLEMENTATION.get(getImplementationClass());
    }

    @Override
    protected void cacheMBeanInfo(@Nullable MBeanInfo info) {
        if (info != null) {
            INFO_BY_IMPLEMENTATION.put(getImplementationClass(), info);
        }
    }

    @Override
    public Object getAttribute(String attribute)
            throws AttributeNotFoundException, MBeanException, ReflectionException {
        try {
            return super.getAttribute(attribute);
        } catch (RuntimeException e) {
            throw WireExceptions.withJdkTypes(e);
        }
    }

    @Override
    public Object invoke(String operation, Object[] arguments, String[] signature)
            throws MBeanException, ReflectionException {
        refuseNull(operation, arguments);
        try {
            return super.invoke(operation, arguments, signature);
        } catch (RuntimeException e) {
            throw WireExceptions.withJdkTypes(e);
        }
    }

    /** No operation of the contract takes null, which a client may send all the same. */
    private void refuseNull(String operation, @Nullable Object @Nullable [] arguments) {
        Method method = method(operation);
        if (method == null || arguments == null) {
            return;
        }
        for (int i = 0; i < arguments.length && i < method.getParameterCount(); i++) {
            if (arguments[i] == null) {
                Parameter parameter = method.getParameters()[i];
                ParameterName name = parameter.getAnnotation(ParameterName.class);
                throw new IllegalArgumentException((name == null ? "argument " + i : name.value()) + " is null; give: "
                        + describe(parameter, "a value"));
            }
        }
    }

    @Override
    protected String getDescription(MBeanInfo info) {
        return describe(mxbeanInterface, info.getDescription());
    }

    @Override
    protected String getDescription(MBeanAttributeInfo info) {
        Method getter = method((info.isIs() ? "is" : "get") + info.getName());
        return getter == null ? info.getDescription() : describe(getter, info.getDescription());
    }

    @Override
    protected String getDescription(MBeanOperationInfo info) {
        Method operation = method(info.getName());
        return operation == null ? info.getDescription() : describe(operation, info.getDescription());
    }

    @Override
    protected String getDescription(MBeanOperationInfo operation, MBeanParameterInfo info, int index) {
        Parameter parameter = parameter(operation, index);
        return parameter == null ? info.getDescription() : describe(parameter, info.getDescription());
    }

    @Override
    protected String getParameterName(MBeanOperationInfo operation, MBeanParameterInfo info, int index) {
        Parameter parameter = parameter(operation, index);
        ParameterName name = parameter == null ? null : parameter.getAnnotation(ParameterName.class);
        return name == null ? info.getName() : name.value();
    }

    @Override
    protected int getImpact(MBeanOperationInfo info) {
        Method operation = method(info.getName());
        OperationImpact impact = operation == null ? null : operation.getAnnotation(OperationImpact.class);
        return impact == null ? MBeanOperationInfo.ACTION : impact.value().code();
    }

    /** The method of a name; the contract overloads none. */
    private @Nullable Method method(String name) {
        for (Method method : mxbeanInterface.getMethods()) {
            if (method.getName().equals(name)) {
                return method;
            }
        }
        return null;
    }

    private @Nullable Parameter parameter(MBeanOperationInfo operation, int index) {
        Method method = method(operation.getName());
        return method == null || index >= method.getParameterCount() ? null : method.getParameters()[index];
    }

    private static String describe(AnnotatedElement element, String otherwise) {
        String text =
                annotation(element, Description.class).map(Description::value).orElse(otherwise);
        return annotation(element, Unit.class)
                .map(unit -> text + " (" + unit.value() + ")")
                .orElse(text);
    }

    private static <A extends Annotation> Optional<A> annotation(AnnotatedElement element, Class<A> type) {
        return Optional.ofNullable(element.getAnnotation(type));
    }
}
