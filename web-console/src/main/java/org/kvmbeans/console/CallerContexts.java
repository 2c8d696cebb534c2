package org.kvmbeans.console;

import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ContextService;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.Executor;

/** Captures the identity of the caller of a request, for threads that go on after it. */
@ApplicationScoped
public class CallerContexts {
    @Resource
    private ContextService contexts;

    /** Runs tasks on the thread that hands them in, with the identity that the calling thread has now. */
    public Executor capture() {
        return contexts.currentContextExecutor();
    }
}
