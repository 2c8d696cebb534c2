package org.kvmbeans.console;

import jakarta.annotation.Resource;
import jakarta.ejb.EJB;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.PathParam;
import jakarta.websocket.server.ServerEndpoint;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.ejb.InventoryService;
import org.kvmbeans.ejb.SerialConsoleService;

/** The WebSocket of a terminal; see {@link SerialMessages} for what goes over it. */
@ServerEndpoint(value = "/ws/vms/{vm}/serial/{port}", configurator = SerialHandshake.class)
public class SerialSocket {
    private static final Logger LOG = Logger.getLogger(SerialSocket.class.getName());
    /** One input of the page is 1,024 characters at most, each up to six bytes in JSON. */
    private static final int LARGEST_MESSAGE = 16 * 1024;

    @EJB
    private SerialConsoleService console;

    @EJB
    private InventoryService inventory;

    /** A terminal waits for output as long as it is open: on the server's pool, some of them would stop all requests. */
    @Resource
    private ManagedThreadFactory threads;

    private @Nullable SerialConnection connection;
    private @Nullable String httpSession;

    @OnOpen
    public void open(Session session, @PathParam("vm") String vm, @PathParam("port") String port) throws IOException {
        Executor caller = SerialHandshake.caller(session);
        String owner = SerialHandshake.httpSession(session);
        if (caller == null || owner == null) {
            session.close(new CloseReason(
                    CloseReason.CloseCodes.VIOLATED_POLICY, "log in first, and connect from the console's own page"));
            return;
        }
        SerialConnection opened =
                new SerialConnection(session, new SerialConnection.Services(console, inventory), caller, vm, port);
        if (!SerialConnections.add(owner, opened)) {
            session.close(new CloseReason(CloseReason.CloseCodes.TRY_AGAIN_LATER, "too many terminals are open"));
            return;
        }
        connection = opened;
        httpSession = owner;
        threads.newThread(opened).start();
    }

    @OnMessage(maxMessageSize = LARGEST_MESSAGE)
    public void message(String message) {
        SerialConnection open = connection;
        if (open != null) {
            open.receive(message);
        }
    }

    @OnError
    public void error(Throwable error) {
        LOG.log(Level.FINE, "terminal failed", error);
    }

    @OnClose
    public void close() {
        SerialConnection open = connection;
        String owner = httpSession;
        if (open != null && owner != null) {
            open.closed();
            SerialConnections.remove(owner, open);
        }
    }
}
