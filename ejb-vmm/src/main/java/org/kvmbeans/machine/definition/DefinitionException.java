package org.kvmbeans.machine.definition;

import java.util.List;

/** A definition, or another document that a person wrote, is refused; each problem names the key, its value and what would be right. */
public final class DefinitionException extends RuntimeException {
    private final List<String> problems;

    /** @param what is refused, for example {@code the definition} */
    public DefinitionException(String what, List<String> problems) {
        super(what + " is refused: " + String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Every problem found, one sentence each; never empty. */
    public List<String> problems() {
        return problems;
    }
}
