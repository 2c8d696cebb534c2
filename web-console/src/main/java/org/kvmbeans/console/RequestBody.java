package org.kvmbeans.console;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.stream.JsonParser;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.ClientErrorException;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** What a request carries: a bounded text, or an object of whole numbers and texts. What is not right is refused, key by key. */
final class RequestBody {
    private static final int LARGEST_BYTES = 1 << 20;
    private static final String NO_OBJECT = "the body is not one JSON object";

    private RequestBody() {}

    /**
     * The body as text, for those who read it themselves.
     *
     * @throws ClientErrorException where it is too long or no UTF-8
     */
    static String text(InputStream body) throws IOException {
        byte[] bytes = body.readNBytes(LARGEST_BYTES + 1);
        if (bytes.length > LARGEST_BYTES) {
            throw new ClientErrorException(
                    "the definition is longer than " + LARGEST_BYTES + " bytes",
                    Response.Status.REQUEST_ENTITY_TOO_LARGE);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadRequestException("the definition is not UTF-8 text", e);
        }
    }

    /** The body as a JSON object. */
    static JsonObject object(InputStream body) throws IOException {
        try (JsonParser parser = Json.createParser(new StringReader(text(body)))) {
            if (parser.next() != JsonParser.Event.START_OBJECT) {
                throw new BadRequestException(NO_OBJECT);
            }
            JsonObject object = parser.getObject();
            if (parser.hasNext()) {
                throw new BadRequestException(NO_OBJECT);
            }
            return object;
        } catch (JsonException | NoSuchElementException e) {
            throw new BadRequestException(NO_OBJECT, e);
        }
    }

    /** A whole number of an object. */
    static long number(JsonObject object, String key) {
        JsonValue value = object.get(key);
        if (!(value instanceof JsonNumber number) || !number.isIntegral()) {
            throw new BadRequestException(key + " is " + shown(value) + "; give a whole number");
        }
        try {
            return number.longValueExact();
        } catch (ArithmeticException e) {
            throw new BadRequestException(key + " is beyond what a 64-bit number can hold", e);
        }
    }

    /** A whole number of an object, within bounds. */
    static long number(JsonObject object, String key, long least, long most) {
        long number = number(object, key);
        if (number < least || number > most) {
            throw new BadRequestException(key + " is " + number + "; give " + least + " to " + most);
        }
        return number;
    }

    /** True or false; false where the object does not have the key. */
    static boolean flag(JsonObject object, String key) {
        JsonValue value = object.get(key);
        if (value == null || value.equals(JsonValue.FALSE)) {
            return false;
        }
        if (value.equals(JsonValue.TRUE)) {
            return true;
        }
        throw new BadRequestException(key + " is " + shown(value) + "; give true or false");
    }

    /** The text of a key; empty where the object does not have it. */
    static String text(JsonObject object, String key) {
        JsonValue value = object.get(key);
        if (value == null) {
            return "";
        }
        if (value instanceof JsonString text) {
            return text.getString();
        }
        String found = value instanceof JsonNumber ? "a number" : shown(value);
        throw new BadRequestException(key + " is " + found + "; give a text");
    }

    private static String shown(@Nullable JsonValue value) {
        if (value == null) {
            return "missing";
        }
        return switch (value.getValueType()) {
            case OBJECT -> "an object";
            case ARRAY -> "a list";
            case STRING -> "a text";
            case NUMBER -> "a fraction";
            case TRUE, FALSE, NULL -> value.toString();
        };
    }
}
