package org.kvmbeans.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.security.PermitAll;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.export.ManagedHost;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * Opens the host with the server and closes it with the server: its MBeans exist in between. It starts vCPU threads and
 * makes system calls, which an EJB should not; docs/adr/0004 says why it does.
 */
@Singleton
@Startup
@PermitAll
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class HostRuntime {
    private @Nullable ManagedHost host;

    @PostConstruct
    void open() {
        try {
            host = ManagedHost.open(Home.path(), new JnaPosix(), MBeans.server());
        } catch (IOException e) {
            throw new IllegalStateException("cannot open " + Home.path() + ": " + e.getMessage(), e);
        }
    }

    @PreDestroy
    void close() {
        if (host != null) {
            host.close();
            host = null;
        }
    }
}
