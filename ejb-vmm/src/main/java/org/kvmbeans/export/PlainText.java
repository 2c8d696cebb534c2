package org.kvmbeans.export;

import java.util.regex.Pattern;

/**
 * What a terminal would show of a guest's output, without what it would do: colours, cursor movements, bells.
 *
 * <p>A guest is hostile: a control sequence of its own in an operator's terminal can rewrite what stands there. And not
 * every JSON writer on the way to a client escapes control characters well: Jolokia 2.6.0 writes an escape character as
 * {@code \}{@code u001;}, which no client can read.
 */
final class PlainText {
    /** Control sequences and other escapes (ECMA-48, 5.3 to 5.5), then every control character but tab and line ends. */
    private static final Pattern CONTROLS = Pattern.compile(
            "\\x1B\\[[0-?]*[ -/]*[@-~]" + "|\\x1B[ -/]*[0-~]" + "|[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F]");

    private PlainText() {}

    static String of(String output) {
        return CONTROLS.matcher(output).replaceAll("");
    }
}
