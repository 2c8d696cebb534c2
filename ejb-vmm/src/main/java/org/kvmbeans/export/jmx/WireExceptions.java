package org.kvmbeans.export.jmx;

import org.kvmbeans.machine.definition.DefinitionException;

/** Exceptions that a management client can read without our classes: JDK types, nothing of ours as a cause. */
final class WireExceptions {
    private WireExceptions() {}

    /**
     * The exception itself where it and all that hangs on it are of the JDK; otherwise one of the JDK with its message
     * and stack trace.
     */
    static RuntimeException withJdkTypes(RuntimeException exception) {
        if (isOfJdk(exception)) {
            return exception;
        }
        String message = String.valueOf(exception.getMessage());
        RuntimeException readable =
                exception instanceof IllegalArgumentException || exception instanceof DefinitionException
                        ? new IllegalArgumentException(message)
                        : new IllegalStateException(message);
        readable.setStackTrace(exception.getStackTrace());
        return readable;
    }

    private static boolean isOfJdk(Throwable throwable) {
        for (Throwable at = throwable; at != null; at = at.getCause()) {
            String module = at.getClass().getModule().getName();
            if (module == null || !module.startsWith("java.")) {
                return false;
            }
            for (Throwable suppressed : at.getSuppressed()) {
                if (!isOfJdk(suppressed)) {
                    return false;
                }
            }
        }
        return true;
    }
}
