package org.kvmbeans.ejb;

import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.InvocationContext;
import java.lang.reflect.UndeclaredThrowableException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.RuntimeErrorException;
import javax.management.RuntimeMBeanException;
import org.kvmbeans.ejb.RefusedException.Kind;

/**
 * Turns what an MBean throws into a {@link RefusedException} with the MBean's own message: the container would hide any
 * other unchecked exception behind an {@code EJBException}.
 */
public class Refusals {
    @AroundInvoke
    Object translate(InvocationContext call) throws Exception {
        try {
            return call.proceed();
        } catch (RefusedException e) {
            throw e;
        } catch (RuntimeException | JMException e) {
            throw refusal(e);
        }
    }

    static RefusedException refusal(Exception thrown) {
        Throwable cause = unwrapped(thrown);
        String message = cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
        if (cause instanceof InstanceNotFoundException) {
            return new RefusedException(Kind.NOT_FOUND, "there is no " + message, cause);
        }
        if (cause instanceof IllegalArgumentException) {
            return new RefusedException(Kind.INVALID, message, cause);
        }
        if (cause instanceof IllegalStateException) {
            return new RefusedException(Kind.WRONG_STATE, message, cause);
        }
        return new RefusedException(Kind.FAILED, message, cause);
    }

    /** The exception of the MBean, without the layers that JMX puts around it. */
    static Throwable unwrapped(Throwable thrown) {
        Throwable current = thrown;
        while (isWrapper(current) && current.getCause() != null) {
            current = current.getCause();
        }
        return current;
    }

    private static boolean isWrapper(Throwable thrown) {
        return thrown instanceof RuntimeMBeanException
                || thrown instanceof RuntimeErrorException
                || thrown instanceof UndeclaredThrowableException
                || thrown instanceof javax.management.MBeanException
                || thrown instanceof javax.management.ReflectionException;
    }
}
