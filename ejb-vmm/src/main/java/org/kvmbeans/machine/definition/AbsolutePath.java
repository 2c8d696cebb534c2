package org.kvmbeans.machine.definition;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads a key that holds an absolute path. */
final class AbsolutePath {
    private AbsolutePath() {}

    /** The path; null where the key is absent or, with a problem noted, holds none. */
    static @Nullable Path read(DefinitionObject object, String key) {
        String right = "give an absolute path";
        String text = object.text(key, right);
        if (text == null) {
            return null;
        }
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
            object.wrong(key, text, right);
        } catch (InvalidPathException e) {
            object.wrong(key, text, "give a path that the server's file system and locale can express");
        }
        return null;
    }
}
