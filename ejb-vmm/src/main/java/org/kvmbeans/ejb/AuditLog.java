package org.kvmbeans.ejb;

import jakarta.annotation.Resource;
import jakarta.ejb.SessionContext;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.InvocationContext;
import java.lang.reflect.Method;
import java.util.StringJoiner;
import java.util.logging.Logger;

/** Writes one line for each change to the logger {@code org.kvmbeans.audit}: who, what, and the result. */
public class AuditLog {
    private static final Logger LOG = Logger.getLogger("org.kvmbeans.audit");
    /** Enough for a VM definition of usual size; a line of the log stays one that a person can read. */
    private static final int LONGEST_VALUE = 512;

    @Resource
    private SessionContext session;

    @AroundInvoke
    Object record(InvocationContext call) throws Exception {
        String what = "user=" + quoted(session.getCallerPrincipal().getName()) + " via=ejb action="
                + call.getMethod().getName() + " arguments=" + arguments(call.getMethod(), call.getParameters());
        try {
            Object result = call.proceed();
            LOG.info(() -> what + " result=ok");
            return result;
        } catch (Exception e) {
            String message = String.valueOf(Refusals.unwrapped(e).getMessage());
            LOG.warning(() -> what + " result=refused message=" + quoted(message));
            throw e;
        }
    }

    static String arguments(Method method, Object[] values) {
        StringJoiner line = new StringJoiner(",", "[", "]");
        for (int i = 0; i < values.length; i++) {
            String value = String.valueOf(values[i]);
            boolean confidential = method.getParameters()[i].isAnnotationPresent(Confidential.class);
            line.add(confidential ? "(" + value.length() + " characters)" : quoted(value));
        }
        return line.toString();
    }

    /** The value on one line: control characters, with which a caller could forge lines, are escaped. */
    static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        value.chars().limit(LONGEST_VALUE).forEach(c -> {
            if (c == '"' || c == '\\') {
                text.append('\\').append((char) c);
            } else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                text.append(String.format("\\u%04x", c));
            } else {
                text.append((char) c);
            }
        });
        return text.append(value.length() > LONGEST_VALUE ? "\"…" : "\"").toString();
    }
}
