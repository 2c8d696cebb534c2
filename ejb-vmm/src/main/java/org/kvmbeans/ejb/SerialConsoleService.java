package org.kvmbeans.ejb;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.interceptor.Interceptors;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.mbeans.SerialOutput;

/**
 * The serial ports. A caller outside a request, such as a WebSocket's reader, needs the caller's identity on its thread:
 * capture it during the handshake with {@code ContextService.contextualRunnable} or run on the server's executor.
 */
@Stateless
@Interceptors(Refusals.class)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class SerialConsoleService {
    /** The last bytes the guest has transmitted, as text; {@code bytes} is 1 to 1,048,576. */
    @RolesAllowed(Roles.VIEWER)
    public String tail(String vm, String port, int bytes) throws InstanceNotFoundException {
        return MBeans.serialPort(vm, port).tail(bytes);
    }

    /**
     * What the guest has transmitted from a position on. Blocks the calling thread for up to {@code waitMillis} while
     * there is nothing yet.
     *
     * @param position of the first byte wanted; negative: the oldest kept
     * @param maxBytes 1 to 1,048,576
     * @param waitMillis 0 to 30,000
     */
    @RolesAllowed(Roles.VIEWER)
    public SerialOutput readFrom(String vm, String port, long position, int maxBytes, long waitMillis)
            throws InstanceNotFoundException {
        return MBeans.serialPort(vm, port).readFrom(position, maxBytes, waitMillis);
    }

    /** Types a text into the port, as UTF-8: all of it, or it is refused where the guest has not made room yet. */
    @RolesAllowed(Roles.OPERATOR)
    @Interceptors(AuditLog.class)
    public void write(String vm, String port, @Confidential String text) throws InstanceNotFoundException {
        MBeans.serialPort(vm, port).write(text);
    }
}
