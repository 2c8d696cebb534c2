package org.kvmbeans.machine.definition;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;

/** A JSON document that a person wrote, such as a definition, and the problems met while it is read. Used by one thread. */
public final class DefinitionDocument {
    /** A definition takes some hundred bytes; this leaves room for many disks. */
    static final int MAX_LENGTH = 1 << 20;

    private static final int MAX_DEPTH = 8;
    private static final int MAX_NUMBER_LENGTH = 64;
    private static final int MAX_PROBLEMS = 20;
    private static final int MAX_QUOTED_LENGTH = 120;
    private static final JsonMapper MAPPER = mapper();

    /** What messages call a document that defines a VM or a part of one. */
    private static final String DEFINITION = "the definition";

    private final String what;
    private final DefinitionObject root;
    private final List<String> problems = new ArrayList<>();
    private int problemsNotKept;

    private DefinitionDocument(String what, JsonNode root) {
        this.what = what;
        this.root = new DefinitionObject(this, "", root);
    }

    /**
     * Parses a document.
     *
     * @param example what one looks like, for the refusal of what is none
     * @throws DefinitionException where it is no JSON object, too long or too deep
     */
    static DefinitionDocument parse(String json, String example) {
        return parse(DEFINITION, json, example);
    }

    /**
     * Parses a document.
     *
     * @param what it is, as messages call it, for example {@code the definition}
     * @param example what one looks like, for the refusal of what is none
     * @throws DefinitionException where it is no JSON object, too long or too deep
     */
    public static DefinitionDocument parse(String what, String json, String example) {
        if (json.length() > MAX_LENGTH) {
            throw refused(what, "it has " + json.length() + " characters; give at most " + MAX_LENGTH);
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (StreamConstraintsException e) {
            throw refused(
                    what,
                    "it is nested too deeply or holds too long a key or number; give at most " + MAX_DEPTH
                            + " levels and numbers of at most " + MAX_NUMBER_LENGTH + " digits");
        } catch (JsonProcessingException e) {
            throw refused(what, "it is not JSON" + location(e) + ": " + printable(e.getOriginalMessage()));
        }
        if (!root.isObject()) {
            String found = root.isMissingNode() ? "nothing" : quote(root);
            throw refused(what, "it is " + found + "; give one JSON object like " + example);
        }
        return new DefinitionDocument(what, root);
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

    private static DefinitionException refused(String what, String problem) {
        return new DefinitionException(what, List.of(problem));
    }

    private static String location(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }

    /** The outermost object. */
    public DefinitionObject root() {
        return root;
    }

    /** Notes a problem; beyond some, they are only counted. */
    void problem(String problem) {
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(problem);
        } else {
            problemsNotKept++;
        }
    }

    /** Whether nothing was noted so far. */
    boolean isFaultless() {
        return problems.isEmpty();
    }

    /**
     * Ends the reading.
     *
     * @throws DefinitionException where problems were noted
     */
    public void throwProblems() {
        if (problemsNotKept > 0) {
            problems.add("and " + problemsNotKept + " more problems");
        }
        if (!problems.isEmpty()) {
            throw new DefinitionException(what, problems);
        }
    }

    /** The text as a JSON string in one line, shortened. */
    static String quote(String text) {
        return quote(TextNode.valueOf(text));
    }

    /** The value as JSON in one line, shortened. */
    static String quote(JsonNode node) {
        String json = node.isContainerNode() ? (node.isArray() ? "a list" : "an object") : printable(node.toString());
        return json.length() <= MAX_QUOTED_LENGTH
                ? json
                : json.substring(0, MAX_QUOTED_LENGTH) + "… (" + json.length() + " characters)";
    }

    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
