package org.kvmbeans.jolokia;

/**
 * A Java agent that does nothing: naming its archive with {@code -javaagent} is how these classes get onto the JVM's class
 * path, where the Jolokia agent looks for them, whatever launcher the application server has.
 */
public final class ClassPathAgent {
    private ClassPathAgent() {}

    /** Called by the JVM before {@code main}. */
    public static void premain(String arguments) {
        // being loaded was all
    }
}
