package org.kvmbeans.machine.definition;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One object of a definition: typed access to its keys. What is wrong is noted in its document, with the path of the key,
 * and reading goes on with the default. Used by one thread.
 */
public final class DefinitionObject {
    private static final int MAX_LIST = 1024;

    private final DefinitionDocument document;
    private final String path;
    private final JsonNode node;

    /** @param path what its keys' names follow in messages: empty, or {@code disks[0].} */
    DefinitionObject(DefinitionDocument document, String path, JsonNode node) {
        this.document = document;
        this.path = path;
        this.node = node;
    }

    /** Reports every key that is not in {@code known}, with the known key it resembles. */
    public void refuseKeysOutside(List<String> known) {
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                String near = NearestWord.of(name, known)
                        .map(key -> "did you mean \"" + key + "\"?")
                        .orElse("the keys are " + String.join(", ", known));
                document.problem("key " + DefinitionDocument.quote(path + name) + " is unknown; " + near);
            }
        }
    }

    /** The value of a key, or null where the object does not have it. */
    @Nullable
    JsonNode value(String key) {
        return node.get(key);
    }

    /** The text of a key; null where it is absent or, with a problem noted, something else. */
    public @Nullable String text(String key, String right) {
        JsonNode value = node.get(key);
        if (value == null || value.isTextual()) {
            return value == null ? null : value.textValue();
        }
        wrong(key, value, right);
        return null;
    }

    /** The text of a key that must be there; empty where it is not. */
    public String requiredText(String key, String right) {
        if (node.get(key) == null) {
            missing(key, right);
        }
        String text = text(key, right);
        return text == null ? "" : text;
    }

    /** True or false; false where it is absent. */
    public boolean flag(String key) {
        return flag(key, false);
    }

    /** True or false. */
    public boolean flag(String key, boolean otherwise) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        if (value.getNodeType() != JsonNodeType.BOOLEAN) {
            wrong(key, value, "give true or false");
        }
        return value.booleanValue();
    }

    /** A whole number within bounds. */
    public int integer(String key, int otherwise, int least, int most) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToInt()
                || value.intValue() < least
                || value.intValue() > most) {
            wrong(key, value, "give a whole number from " + least + " to " + most);
            return otherwise;
        }
        return value.intValue();
    }

    /** A whole number within bounds, 64 bits wide. */
    public long number(String key, long otherwise, long least, long most) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < least
                || value.longValue() > most) {
            wrong(key, value, "give a whole number from " + least + " to " + most);
            return otherwise;
        }
        return value.longValue();
    }

    /** Bytes, as a number or as a text with a unit; within bounds. */
    public long bytes(String key, long otherwise, long most) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        OptionalLong bytes = bytesOf(value);
        if (bytes.isEmpty() || bytes.getAsLong() < 0 || bytes.getAsLong() > most) {
            wrong(key, value, "give a size like \"100MiB\" or a number of bytes, at most " + most);
            return otherwise;
        }
        return bytes.getAsLong();
    }

    /** The bytes that a value says, as a number or as a text with a unit. */
    static OptionalLong bytesOf(JsonNode value) {
        if (value.isTextual()) {
            return MemorySize.parse(value.textValue());
        }
        return value.isIntegralNumber() && value.canConvertToLong()
                ? OptionalLong.of(value.longValue())
                : OptionalLong.empty();
    }

    /** One of some words, written in lower case. */
    public <E extends Enum<E>> E choice(String key, E otherwise) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        Map<String, E> words = Arrays.stream(otherwise.getDeclaringClass().getEnumConstants())
                .collect(Collectors.toMap(constant -> constant.name().toLowerCase(Locale.ROOT), constant -> constant));
        E chosen = value.isTextual() ? words.get(value.textValue()) : null;
        if (chosen == null) {
            wrong(
                    key,
                    value,
                    "give one of "
                            + String.join(", ", words.keySet().stream().sorted().toList()));
            return otherwise;
        }
        return chosen;
    }

    /** The object of a key; null where it is absent or, with a problem noted, something else. */
    @Nullable
    DefinitionObject object(String key, String right) {
        JsonNode value = node.get(key);
        if (value == null) {
            return null;
        }
        if (!value.isObject()) {
            wrong(key, value, right);
            return null;
        }
        return new DefinitionObject(document, path + key + ".", value);
    }

    /** The objects of a list; empty where it is absent. */
    public List<DefinitionObject> objects(String key, String right) {
        List<DefinitionObject> objects = new ArrayList<>();
        for (JsonNode element : list(key, right)) {
            String place = key + "[" + objects.size() + "]";
            if (!element.isObject()) {
                wrong(place, element, right);
                return List.of();
            }
            objects.add(new DefinitionObject(document, path + place + ".", element));
        }
        return objects;
    }

    /** The texts of a list; empty where it is absent. */
    public List<String> texts(String key, String right) {
        List<String> texts = new ArrayList<>();
        for (JsonNode element : list(key, right)) {
            if (!element.isTextual()) {
                wrong(key + "[" + texts.size() + "]", element, right);
                return List.of();
            }
            texts.add(element.textValue());
        }
        return texts;
    }

    private Iterable<JsonNode> list(String key, String right) {
        JsonNode value = node.get(key);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray() || value.size() > MAX_LIST) {
            wrong(key, value, value.isArray() ? "give at most " + MAX_LIST + " of them" : right);
            return List.of();
        }
        return value;
    }

    /** Notes that a required key is missing. */
    public void missing(String key, String right) {
        document.problem(path + key + " is missing; " + right);
    }

    /** Notes a value that is refused. */
    void wrong(String key, JsonNode value, String right) {
        document.problem(path + key + " is " + DefinitionDocument.quote(value) + "; " + right);
    }

    /** Notes a text that is refused. */
    public void wrong(String key, String value, String right) {
        document.problem(path + key + " is " + DefinitionDocument.quote(value) + "; " + right);
    }
}
