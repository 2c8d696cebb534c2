package org.kvmbeans.jolokia;

import java.util.Optional;
import javax.management.ObjectName;
import org.jolokia.server.core.request.JolokiaNotificationRequest;
import org.jolokia.server.core.request.JolokiaRequest;
import org.jolokia.server.core.request.notification.AddCommand;
import org.jolokia.server.core.service.request.AbstractRequestHandler;

/**
 * Refuses to listen to MBeans that are not the project's. Jolokia 2.6.0 does not ask its policy about notifications, so
 * that this handler, found by {@code META-INF/jolokia/services}, comes before the one that serves them.
 */
public final class NotificationGuard extends AbstractRequestHandler {
    /** Called by Jolokia with the order of the services file. */
    public NotificationGuard(int order) {
        super("kvmbeans-notification-guard", order);
    }

    @Override
    public boolean canHandle(JolokiaRequest request) {
        return refused(request).isPresent();
    }

    @Override
    public <R extends JolokiaRequest> Object handleRequest(R request, Object previousResult) {
        throw new SecurityException("No permission to listen to "
                + refused(request).map(ObjectName::toString).orElse("it"));
    }

    private static Optional<ObjectName> refused(JolokiaRequest request) {
        return request instanceof JolokiaNotificationRequest notification
                        && notification.getCommand() instanceof AddCommand add
                        && !RolePolicy.isOurs(add.getObjectName())
                ? Optional.of(add.getObjectName())
                : Optional.empty();
    }
}
