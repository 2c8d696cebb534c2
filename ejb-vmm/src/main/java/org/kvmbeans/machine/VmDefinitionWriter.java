package org.kvmbeans.machine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/** Writes definitions in one canonical form: every key in a fixed order, so that equal definitions are equal texts. */
public final class VmDefinitionWriter {
    private static final ObjectWriter WRITER = JsonMapper.builder().build().writerWithDefaultPrettyPrinter();

    private VmDefinitionWriter() {}

    /** The definition as JSON that {@link VmDefinitionReader} reads back as an equal one. */
    public static String write(VmDefinition definition) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("name", definition.name());
        root.put("uuid", definition.uuid().toString());
        root.put("vcpus", definition.vcpus());
        root.put("memory", MemorySize.format(definition.memoryBytes()));
        root.put("kernel", definition.kernel().toString());
        Path initrd = definition.initrd();
        if (initrd != null) {
            root.put("initrd", initrd.toString());
        }
        root.put("cmdline", definition.cmdline());
        root.put("autostart", definition.autostart());
        root.put("debugExit", definition.debugExit());
        root.putArray("disks");
        root.putArray("nics");
        try {
            return WRITER.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of texts and numbers has no JSON form", e);
        }
    }
}
