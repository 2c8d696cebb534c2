package org.kvmbeans.console;

import jakarta.ejb.EJBAccessException;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.ejb.InventoryService;
import org.kvmbeans.ejb.RefusedException;
import org.kvmbeans.ejb.SerialConsoleService;
import org.kvmbeans.mbeans.SerialOutput;
import org.kvmbeans.mbeans.VmState;

/**
 * One terminal: a thread of the server follows the port's output and sends it; messages of the page come in on the
 * WebSocket's threads. Every call of a service carries the identity of the user who made the handshake.
 */
final class SerialConnection implements Runnable {
    /** Close code for what the server refuses to go on with; the page does not try again (RFC 6455, section 7.4.1). */
    static final int POLICY = CloseReason.CloseCodes.VIOLATED_POLICY.getCode();
    /** Private close code for a VM or port that does not exist; the page does not try again. */
    static final int NOT_FOUND = 4404;

    private static final Logger LOG = Logger.getLogger(SerialConnection.class.getName());
    private static final int CHUNK_BYTES = 32 * 1024;
    /** Short enough for the thread to notice soon that the page went away. */
    private static final long WAIT_MILLIS = 2_000;

    private static final long SEND_SECONDS = 20;
    private static final int LONGEST_REASON = 100;

    /** What a terminal needs of the server. */
    record Services(SerialConsoleService console, InventoryService inventory) {}

    private final Session session;
    private final Services services;
    private final Executor caller;
    private final String vm;
    private final String port;
    private final OutputWindow window = new OutputWindow();
    private final Object sending = new Object();

    SerialConnection(Session session, Services services, Executor caller, String vm, String port) {
        this.session = session;
        this.services = services;
        this.caller = caller;
        this.vm = vm;
        this.port = port;
    }

    /** Follows the output until the connection ends. */
    @Override
    public void run() {
        caller.execute(this::follow);
    }

    private void follow() {
        try {
            sendOutput();
        } catch (RefusedException e) {
            end(e.kind() == RefusedException.Kind.NOT_FOUND ? NOT_FOUND : POLICY, String.valueOf(e.getMessage()));
        } catch (InstanceNotFoundException e) {
            end(NOT_FOUND, String.valueOf(e.getMessage()));
        } catch (EJBAccessException e) {
            end(POLICY, ErrorMapper.ROLE_MISSING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end(CloseReason.CloseCodes.GOING_AWAY.getCode(), "the server goes down");
        } catch (IOException e) {
            end(CloseReason.CloseCodes.CLOSED_ABNORMALLY.getCode(), "");
        }
    }

    private void sendOutput() throws InstanceNotFoundException, IOException, InterruptedException {
        long position = -1;
        boolean live = false;
        for (int room = window.awaitRoom(); room > 0; room = window.awaitRoom()) {
            SerialOutput output = services.console()
                    .readFrom(vm, port, position, Math.min(room, CHUNK_BYTES), live ? WAIT_MILLIS : 0);
            if (live && output.startPosition() > position) {
                send(SerialMessages.lost(output.startPosition() - position));
            }
            position = output.endPosition();
            if (output.data().length > 0) {
                window.sent(output.data().length);
                send(ByteBuffer.wrap(output.data()));
            } else if (!live) {
                live = true;
                send(SerialMessages.live());
            }
        }
    }

    /** Takes a message of the page. */
    void receive(String message) {
        try {
            SerialMessages.Incoming incoming = SerialMessages.parse(message);
            if (incoming instanceof SerialMessages.Input input) {
                caller.execute(() -> type(input));
            } else if (incoming instanceof SerialMessages.Seen shown) {
                window.seen(shown.bytes());
            }
        } catch (IllegalArgumentException e) {
            end(POLICY, String.valueOf(e.getMessage()));
        }
    }

    private void type(SerialMessages.Input input) {
        try {
            send(answerTo(input));
        } catch (IOException e) {
            end(CloseReason.CloseCodes.CLOSED_ABNORMALLY.getCode(), "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String answerTo(SerialMessages.Input input) {
        try {
            return write(input);
        } catch (RefusedException e) {
            return SerialMessages.refused(input.id(), String.valueOf(e.getMessage()));
        } catch (EJBAccessException e) {
            return SerialMessages.refused(input.id(), ErrorMapper.ROLE_MISSING);
        } catch (InstanceNotFoundException e) {
            return SerialMessages.refused(input.id(), String.valueOf(e.getMessage()));
        }
    }

    private String write(SerialMessages.Input input) throws InstanceNotFoundException {
        try {
            services.console().write(vm, port, input.text());
            return SerialMessages.taken(input.id());
        } catch (RefusedException e) {
            if (mayTakeLater(e)) {
                return SerialMessages.busy(input.id(), String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /** A guest that has not read its last input yet may do so; one that does not run will not. */
    private boolean mayTakeLater(RefusedException refusal) throws InstanceNotFoundException {
        if (refusal.kind() != RefusedException.Kind.WRONG_STATE) {
            return false;
        }
        VmState state = services.inventory().detail(vm).summary().state();
        return state == VmState.RUNNING || state == VmState.PAUSED;
    }

    /** Ends the connection and tells the page why; may be called from any thread and more than once. */
    void end(int code, String reason) {
        if (!window.close()) {
            return;
        }
        try {
            if (!reason.isEmpty()) {
                send(SerialMessages.closing(reason));
            }
            // A close frame has room for 123 bytes of reason; the message before it tells the whole.
            String shortened = reason.length() > LONGEST_REASON ? "" : reason.replaceAll("[^\\x20-\\x7e]", "?");
            session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(code), shortened));
        } catch (IOException e) {
            LOG.log(Level.FINE, "terminal was gone before it was closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the following thread end; the WebSocket is closed already. */
    void closed() {
        window.close();
    }

    private void send(String message) throws IOException, InterruptedException {
        synchronized (sending) {
            await(session.getAsyncRemote().sendText(message));
        }
    }

    private void send(ByteBuffer output) throws IOException, InterruptedException {
        synchronized (sending) {
            await(session.getAsyncRemote().sendBinary(output));
        }
    }

    private static void await(Future<Void> sent) throws IOException, InterruptedException {
        try {
            sent.get(SEND_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the page does not take what is sent", e);
        }
    }
}
