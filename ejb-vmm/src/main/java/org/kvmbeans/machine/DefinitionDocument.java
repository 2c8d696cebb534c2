package org.kvmbeans.machine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The JSON object of a definition: typed access to its keys, and the problems met on the way. Used by one thread. */
final class DefinitionDocument {
    /** A definition takes some hundred bytes; this leaves room for many disks. */
    static final int MAX_LENGTH = 1 << 20;

    private static final int MAX_DEPTH = 8;
    private static final int MAX_NUMBER_LENGTH = 64;
    private static final int MAX_PROBLEMS = 20;
    private static final int MAX_QUOTED_LENGTH = 120;
    private static final int MAX_TYPO_DISTANCE = 2;
    private static final JsonMapper MAPPER = mapper();

    private final JsonNode root;
    private final List<String> problems = new ArrayList<>();
    private int problemsNotKept;

    private DefinitionDocument(JsonNode root) {
        this.root = root;
    }

    /**
     * Parses a document.
     *
     * @throws DefinitionException where it is no JSON object, too long or too deep
     */
    static DefinitionDocument parse(String json) {
        if (json.length() > MAX_LENGTH) {
            throw refused("it has " + json.length() + " characters; give at most " + MAX_LENGTH);
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (StreamConstraintsException e) {
            throw refused("it is nested too deeply or holds too long a key or number; give at most " + MAX_DEPTH
                    + " levels and numbers of at most " + MAX_NUMBER_LENGTH + " digits");
        } catch (JsonProcessingException e) {
            throw refused("it is not JSON" + location(e) + ": " + printable(e.getOriginalMessage()));
        }
        if (!root.isObject()) {
            String found = root.isMissingNode() ? "nothing" : quote(root);
            throw refused("it is " + found + "; give one JSON object like {\"name\":\"web01\",\"memory\":\"512MiB\","
                    + "\"kernel\":\"/boot/vmlinuz\"}");
        }
        return new DefinitionDocument(root);
    }

    private static JsonMapper mapper() {
        StreamReadConstraints constraints = StreamReadConstraints.builder()
                .maxNestingDepth(MAX_DEPTH)
                .maxNumberLength(MAX_NUMBER_LENGTH)
                .maxDocumentLength(MAX_LENGTH)
                .maxStringLength(MAX_LENGTH)
                .build();
        return JsonMapper.builder(
                        JsonFactory.builder().streamReadConstraints(constraints).build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
    }

    private static DefinitionException refused(String problem) {
        return new DefinitionException(List.of(problem));
    }

    private static String location(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }

    /** Reports every key that is not in {@code known}, with the known key it resembles. */
    void refuseKeysOutside(List<String> known) {
        for (Iterator<String> names = root.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                String near = nearest(name, known)
                        .map(key -> "did you mean \"" + key + "\"?")
                        .orElse("the keys are " + String.join(", ", known));
                problem("key " + quote(name) + " is unknown; " + near);
            }
        }
    }

    private static Optional<String> nearest(String name, List<String> known) {
        if (name.length() > MAX_QUOTED_LENGTH) {
            return Optional.empty();
        }
        String lower = name.toLowerCase(Locale.ROOT);
        return known.stream()
                .filter(key -> distance(lower, key.toLowerCase(Locale.ROOT)) <= MAX_TYPO_DISTANCE)
                .min(Comparator.comparingInt(key -> distance(lower, key.toLowerCase(Locale.ROOT))));
    }

    /** Levenshtein distance: single characters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    /** The value of a key, or null where the document does not have it. */
    @Nullable
    JsonNode value(String key) {
        return root.get(key);
    }

    /** The text of a key; null where it is absent or, with a problem noted, something else. */
    @Nullable
    String text(String key, String right) {
        JsonNode node = root.get(key);
        if (node == null || node.isTextual()) {
            return node == null ? null : node.textValue();
        }
        wrong(key, node, right);
        return null;
    }

    boolean flag(String key) {
        JsonNode node = root.get(key);
        if (node != null && node.getNodeType() != JsonNodeType.BOOLEAN) {
            wrong(key, node, "give true or false");
        }
        return node != null && node.booleanValue();
    }

    /** Notes that a required key is missing. */
    void missing(String key, String right) {
        problem(key + " is missing; " + right);
    }

    /** Notes a value that is refused. */
    void wrong(String key, JsonNode value, String right) {
        problem(key + " is " + quote(value) + "; " + right);
    }

    /** Notes a text that is refused. */
    void wrong(String key, String value, String right) {
        problem(key + " is " + quote(value) + "; " + right);
    }

    private void problem(String problem) {
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(problem);
        } else {
            problemsNotKept++;
        }
    }

    /** Ends the reading. */
    void throwProblems() {
        if (problemsNotKept > 0) {
            problems.add("and " + problemsNotKept + " more problems");
        }
        if (!problems.isEmpty()) {
            throw new DefinitionException(problems);
        }
    }

    /** The text as a JSON string in one line, shortened. */
    static String quote(String text) {
        return quote(TextNode.valueOf(text));
    }

    private static String quote(JsonNode node) {
        String json = node.isContainerNode() ? (node.isArray() ? "a list" : "an object") : printable(node.toString());
        return json.length() <= MAX_QUOTED_LENGTH
                ? json
                : json.substring(0, MAX_QUOTED_LENGTH) + "… (" + json.length() + " characters)";
    }

    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
