package org.kvmbeans.machine.definition;

import java.util.List;

/** A definition is refused; each problem names the key, its value and what would be right. */
public final class DefinitionException extends RuntimeException {
    private final List<String> problems;

    DefinitionException(List<String> problems) {
        super("the definition is refused: " + String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Every problem found, one sentence each; never empty. */
    public List<String> problems() {
        return problems;
    }
}
