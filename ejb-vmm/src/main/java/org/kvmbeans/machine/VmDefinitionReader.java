package org.kvmbeans.machine;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * Reads definitions: one JSON object each, every key and value checked, all problems reported at once.
 *
 * <p>Keys: {@code name}, {@code uuid} (random if absent), {@code vcpus} (1), {@code memory}, {@code kernel},
 * {@code initrd} (none), {@code cmdline} ({@value #DEFAULT_CMDLINE}), {@code autostart} (false), {@code debugExit}
 * (false), {@code disks} and {@code nics} (empty lists).
 */
public final class VmDefinitionReader {
    static final String DEFAULT_CMDLINE = "console=ttyS0";
    static final List<String> KEYS = List.of(
            "name",
            "uuid",
            "vcpus",
            "memory",
            "kernel",
            "initrd",
            "cmdline",
            "autostart",
            "debugExit",
            "disks",
            "nics");

    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final Pattern PRINTABLE_ASCII = Pattern.compile("[ -~]*");

    private enum BootFiles {
        MUST_BE_THERE,
        MAY_BE_GONE
    }

    private final DefinitionDocument document;
    private final DefinitionLimits limits;
    private final BootFiles bootFiles;

    private VmDefinitionReader(DefinitionDocument document, DefinitionLimits limits, BootFiles bootFiles) {
        this.document = document;
        this.limits = limits;
        this.bootFiles = bootFiles;
    }

    /**
     * Reads the definition of a new VM, whose kernel and initrd must be readable files.
     *
     * @throws DefinitionException with every problem of the document
     */
    public static VmDefinition readNew(String json, DefinitionLimits limits) {
        return new VmDefinitionReader(DefinitionDocument.parse(json), limits, BootFiles.MUST_BE_THERE).definition();
    }

    /**
     * Reads a definition that was accepted before: its files may have gone since, and another host may have set the
     * limits; the VM says so when it is started.
     *
     * @throws DefinitionException with every problem of the document
     */
    public static VmDefinition readStored(String json) {
        DefinitionDocument document = DefinitionDocument.parse(json);
        return new VmDefinitionReader(document, DefinitionLimits.ANY_HOST, BootFiles.MAY_BE_GONE).definition();
    }

    private VmDefinition definition() {
        document.refuseKeysOutside(KEYS);
        String name = name();
        UUID uuid = uuid();
        int vcpus = vcpus();
        long memoryBytes = memoryBytes();
        Path kernel = file("kernel");
        if (document.value("kernel") == null) {
            document.missing("kernel", "give the absolute path of the guest's kernel");
        }
        Path initrd = file("initrd");
        String cmdline = cmdline();
        boolean autostart = document.flag("autostart");
        boolean debugExit = document.flag("debugExit");
        refuseDevices("disks");
        refuseDevices("nics");
        document.throwProblems();
        if (kernel == null) {
            throw new IllegalStateException("a definition without a kernel was let through");
        }
        return new VmDefinition(name, uuid, vcpus, memoryBytes, kernel, initrd, cmdline, autostart, debugExit);
    }

    private String name() {
        String right = "give 1 to 64 of the characters A-Z a-z 0-9 . _ -, and neither \".\" nor \"..\"";
        if (document.value("name") == null) {
            document.missing("name", right);
        }
        String name = document.text("name", right);
        if (name == null) {
            return "";
        }
        if (!ObjectNames.NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            document.wrong("name", name, right);
        }
        return name;
    }

    private UUID uuid() {
        String right = "give a UUID like 3f2504e0-4f89-41d3-9a0c-0305e82c3301, or leave the key out for a random one";
        String text = document.text("uuid", right);
        if (text == null) {
            return UUID.randomUUID();
        }
        if (!UUID_TEXT.matcher(text).matches()) {
            document.wrong("uuid", text, right);
            return UUID.randomUUID();
        }
        return UUID.fromString(text);
    }

    private int vcpus() {
        JsonNode node = document.value("vcpus");
        if (node == null) {
            return 1;
        }
        if (!node.isIntegralNumber()
                || !node.canConvertToInt()
                || node.intValue() < 1
                || node.intValue() > limits.maxVcpus()) {
            document.wrong("vcpus", node, "give a whole number from 1 to " + limits.maxVcpus());
            return 1;
        }
        return node.intValue();
    }

    private long memoryBytes() {
        String right = "give a size like \"512MiB\" with the unit B, KiB, MiB, GiB or TiB, or a whole number of bytes";
        JsonNode node = document.value("memory");
        if (node == null) {
            document.missing("memory", right);
            return 0;
        }
        OptionalLong bytes = OptionalLong.empty();
        if (node.isTextual()) {
            bytes = MemorySize.parse(node.textValue());
        } else if (node.isIntegralNumber() && node.canConvertToLong()) {
            bytes = OptionalLong.of(node.longValue());
        }
        if (bytes.isEmpty()) {
            document.wrong("memory", node, right);
        } else if (bytes.getAsLong() < VmDefinition.MIN_MEMORY_BYTES || bytes.getAsLong() > limits.maxMemoryBytes()) {
            document.wrong(
                    "memory",
                    node,
                    "this host can give " + MemorySize.format(VmDefinition.MIN_MEMORY_BYTES) + " to "
                            + MemorySize.format(limits.maxMemoryBytes()));
        } else if (bytes.getAsLong() % VmDefinition.PAGE_BYTES != 0) {
            long pages = bytes.getAsLong() / VmDefinition.PAGE_BYTES;
            document.wrong(
                    "memory",
                    node,
                    "give a multiple of 4KiB, for example \"" + MemorySize.format(pages * VmDefinition.PAGE_BYTES)
                            + "\"");
        }
        return bytes.orElse(0);
    }

    private String cmdline() {
        String text = document.text("cmdline", "give the kernel's command line as a text");
        if (text == null) {
            return DEFAULT_CMDLINE;
        }
        if (!PRINTABLE_ASCII.matcher(text).matches()) {
            document.wrong("cmdline", text, "give printable ASCII characters in one line");
        } else if (text.length() > VmDefinition.MAX_CMDLINE_LENGTH) {
            document.wrong(
                    "cmdline",
                    text,
                    "the boot protocol takes at most " + VmDefinition.MAX_CMDLINE_LENGTH + " characters, these are "
                            + text.length());
        }
        return text;
    }

    private @Nullable Path file(String key) {
        String right = "give an absolute path";
        String text = document.text(key, right);
        if (text == null) {
            return null;
        }
        Path path;
        try {
            path = Path.of(text);
        } catch (InvalidPathException e) {
            document.wrong(key, text, "give a path that the server's file system and locale can express");
            return null;
        }
        if (!path.isAbsolute()) {
            document.wrong(key, text, right);
            return null;
        }
        if (bootFiles == BootFiles.MUST_BE_THERE) {
            String problem = BootFileCheck.problem(path);
            if (!problem.isEmpty()) {
                document.wrong(key, text, problem);
            }
        }
        return path;
    }

    private void refuseDevices(String key) {
        JsonNode node = document.value(key);
        if (node != null && !(node.isArray() && node.isEmpty())) {
            document.wrong(key, node, "this version does not offer " + key + "; give [] or leave the key out");
        }
    }
}
