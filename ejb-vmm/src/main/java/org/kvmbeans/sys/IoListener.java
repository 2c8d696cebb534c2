package org.kvmbeans.sys;

/**
 * What hears of the requests of {@link LinuxAio} and {@link IoUring} that are done.
 *
 * @param <T> what the caller knows a request by
 */
@FunctionalInterface
public interface IoListener<T> {
    /** A request is done: the bytes that it moved, or a negated errno. */
    void done(T request, long result);
}
