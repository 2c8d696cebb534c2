package org.kvmbeans.sys;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.jna.JnaPosix;

/** The real system calls, but for those that a test answers itself. */
public final class FaultyPosix {
    /** Answers a call instead of the kernel. */
    @FunctionalInterface
    public interface Answer {
        /** The result, a negated errno for instance; null to let the kernel answer. */
        @Nullable
        Long to(Object[] arguments);
    }

    private final Posix real = new JnaPosix();
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private final Posix posix = (Posix) Proxy.newProxyInstance(
            Posix.class.getClassLoader(),
            new Class<?>[] {Posix.class},
            (proxy, method, arguments) -> call(method, arguments));

    private Object call(Method method, Object[] arguments) throws Throwable {
        calls.computeIfAbsent(method.getName(), name -> new AtomicInteger()).incrementAndGet();
        Answer answer = answers.get(method.getName());
        Long result = answer == null ? null : answer.to(arguments);
        if (result != null) {
            return method.getReturnType() == int.class ? (Object) result.intValue() : result;
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** The calls as a test wants them. */
    public Posix posix() {
        return posix;
    }

    /** The calls as the kernel answers them. */
    public Posix real() {
        return real;
    }

    /** Lets {@code answer} answer a call from now on. */
    public void answer(String call, Answer answer) {
        answers.put(call, answer);
    }

    /** Fails a call with an errno from now on. */
    public void fail(String call, int errno) {
        answers.put(call, arguments -> (long) -errno);
    }

    /** Fails a call {@code times} times, and lets the kernel answer after. */
    public void failTimes(String call, int errno, int times) {
        AtomicInteger left = new AtomicInteger(times);
        answers.put(call, arguments -> left.getAndDecrement() > 0 ? (Long) (long) -errno : null);
    }

    /** Lets the kernel answer a call again. */
    public void heal(String call) {
        answers.remove(call);
    }

    /** How often a call was made. */
    public int calls(String call) {
        AtomicInteger count = calls.get(call);
        return count == null ? 0 : count.get();
    }
}
