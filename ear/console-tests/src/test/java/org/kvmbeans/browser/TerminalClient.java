package org.kvmbeans.browser;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A terminal's WebSocket without a browser, for what the console's own page never sends. */
final class TerminalClient implements WebSocket.Listener, AutoCloseable {
    private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private @Nullable WebSocket socket;

    private TerminalClient() {}

    /** Connects to the first serial port of a VM; fails as the handshake does. */
    static TerminalClient connect(HttpClient client, URI console, String vm, String origin, String cookies)
            throws Exception {
        URI address =
                URI.create("ws://" + console.getAuthority() + console.getPath() + "ws/vms/" + vm + "/serial/com1");
        TerminalClient terminal = new TerminalClient();
        terminal.socket = client.newWebSocketBuilder()
                .header("Origin", origin)
                .header("Cookie", cookies)
                .buildAsync(address, terminal)
                .get(Browser.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return terminal;
    }

    void send(String message) {
        if (socket != null) {
            socket.sendText(message, true).join();
        }
    }

    /** The next text message with a part; those before it are dropped. */
    String await(String part) throws InterruptedException {
        Instant deadline = Instant.now().plus(Browser.PATIENCE);
        String last = "nothing";
        while (Instant.now().isBefore(deadline)) {
            String text = texts.poll(Duration.between(Instant.now(), deadline).toMillis(), TimeUnit.MILLISECONDS);
            if (text != null) {
                if (text.contains(part)) {
                    return text;
                }
                last = text;
            }
        }
        throw new AssertionError("no message with " + part + "; the last one was " + last);
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        texts.add(data.toString());
        webSocket.request(1);
        return null;
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.abort();
        }
    }
}
