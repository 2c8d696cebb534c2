package org.kvmbeans.console;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.StringReader;

/**
 * The text messages of the terminal's WebSocket; the guest's output goes as binary messages beside them.
 *
 * <p>From the page: {@code {"type":"input","id":1,"text":"…"}} types, {@code {"type":"seen","bytes":n}} tells how many bytes
 * of output it has shown. To the page: {@code live} when all kept output was sent, {@code lost} for bytes no longer kept,
 * {@code taken}, {@code busy} or {@code refused} for an input, {@code closing} with the reason before the end.
 */
final class SerialMessages {
    private SerialMessages() {}

    /** What a page sends. */
    sealed interface Incoming permits Input, Seen {}

    /** A text to type. */
    record Input(int id, String text) implements Incoming {}

    /** Bytes of output shown since the connection was made. */
    record Seen(long bytes) implements Incoming {}

    /**
     * Parses a message.
     *
     * @throws IllegalArgumentException where it is none of those above
     */
    static Incoming parse(String message) {
        try (JsonReader reader = Json.createReader(new StringReader(message))) {
            JsonObject object = reader.readObject();
            return switch (object.getString("type")) {
                case "input" -> new Input(object.getInt("id"), object.getString("text"));
                case "seen" -> new Seen(object.getJsonNumber("bytes").longValueExact());
                default -> throw new IllegalArgumentException("unknown type");
            };
        } catch (JsonException | NullPointerException | ClassCastException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "a message is {\"type\":\"input\",\"id\":1,\"text\":\"…\"}" + " or {\"type\":\"seen\",\"bytes\":1}",
                    e);
        }
    }

    static String live() {
        return Json.createObjectBuilder().add("type", "live").build().toString();
    }

    static String lost(long bytes) {
        return Json.createObjectBuilder()
                .add("type", "lost")
                .add("bytes", bytes)
                .build()
                .toString();
    }

    static String taken(int id) {
        return Json.createObjectBuilder()
                .add("type", "taken")
                .add("id", id)
                .build()
                .toString();
    }

    static String busy(int id, String error) {
        return failure("busy", id, error);
    }

    static String refused(int id, String error) {
        return failure("refused", id, error);
    }

    static String closing(String error) {
        return Json.createObjectBuilder()
                .add("type", "closing")
                .add("error", error)
                .build()
                .toString();
    }

    private static String failure(String type, int id, String error) {
        return Json.createObjectBuilder()
                .add("type", type)
                .add("id", id)
                .add("error", error)
                .build()
                .toString();
    }
}
