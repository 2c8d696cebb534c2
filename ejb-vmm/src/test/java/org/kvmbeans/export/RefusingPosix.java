package org.kvmbeans.export;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** The real system calls, but for a file that cannot be opened. */
final class RefusingPosix {
    private RefusingPosix() {}

    static Posix refusingToOpen(String path, int errno) {
        Posix real = new JnaPosix();
        return (Posix) Proxy.newProxyInstance(
                Posix.class.getClassLoader(), new Class<?>[] {Posix.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("open") && path.equals(arguments[0])) {
                        return -errno;
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
