package org.kvmbeans.machine.definition;

import com.fasterxml.jackson.databind.JsonNode;
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
 * <p>Keys: {@code name}, {@code uuid} (random if absent), {@code vcpus} (1), {@code maxVcpus} (as {@code vcpus}, or as the
 * topology says), {@code topology} (one socket), {@code memory}, {@code kernel}, {@code initrd} (none), {@code cmdline}
 * ({@value #DEFAULT_CMDLINE}), {@code autostart} (false), {@code debugExit} (false), {@code disks}, {@code nics},
 * {@code consoles} (empty lists), {@code rng} and {@code balloon} (true), {@code vsock} (none).
 */
public final class VmDefinitionReader {
    static final String DEFAULT_CMDLINE = "console=ttyS0";
    static final List<String> KEYS = List.of(
            "name",
            "uuid",
            "vcpus",
            "maxVcpus",
            "topology",
            "memory",
            "kernel",
            "initrd",
            "cmdline",
            "autostart",
            "debugExit",
            "disks",
            "nics",
            "consoles",
            "rng",
            "balloon",
            "vsock");

    private static final String EXAMPLE = "{\"name\":\"web01\",\"memory\":\"512MiB\",\"kernel\":\"/boot/vmlinuz\"}";
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final Pattern PRINTABLE_ASCII = Pattern.compile("[ -~]*");

    private final DefinitionObject root;
    private final DefinitionLimits limits;
    private final FileRule files;

    private VmDefinitionReader(DefinitionDocument document, DefinitionLimits limits, FileRule files) {
        this.root = document.root();
        this.limits = limits;
        this.files = files;
    }

    /**
     * Reads the definition of a new VM, whose kernel, initrd and disks must be files that can be used.
     *
     * @throws DefinitionException with every problem of the document
     */
    public static VmDefinition readNew(String json, DefinitionLimits limits) {
        return read(json, limits, FileRule.MUST_BE_THERE);
    }

    /**
     * Reads a definition that was accepted before: its files may have gone since, and another host may have set the
     * limits; the VM says so when it is started.
     *
     * @throws DefinitionException with every problem of the document
     */
    public static VmDefinition readStored(String json) {
        return read(json, DefinitionLimits.ANY_HOST, FileRule.MAY_BE_GONE);
    }

    /**
     * Reads one disk to be added to a VM: an object as in the list {@code disks}.
     *
     * @throws DefinitionException with every problem of the document
     */
    public static DiskDefinition readDisk(String json) {
        DefinitionDocument document = DefinitionDocument.parse(json, DiskReader.EXAMPLE);
        DiskDefinition disk = DiskReader.read(document.root(), FileRule.MUST_BE_THERE);
        document.throwProblems();
        return disk;
    }

    /**
     * Reads one NIC to be added to a VM: an object as in the list {@code nics}.
     *
     * @throws DefinitionException with every problem of the document
     */
    public static NicDefinition readNic(String json) {
        DefinitionDocument document = DefinitionDocument.parse(json, NicReader.EXAMPLE);
        NicDefinition nic = NicReader.read(document.root());
        document.throwProblems();
        return nic;
    }

    private static VmDefinition read(String json, DefinitionLimits limits, FileRule files) {
        DefinitionDocument document = DefinitionDocument.parse(json, EXAMPLE);
        VmDefinition definition = new VmDefinitionReader(document, limits, files).definition();
        document.throwProblems();
        return definition;
    }

    private VmDefinition definition() {
        root.refuseKeysOutside(KEYS);
        String name = name();
        UUID uuid = uuid();
        ProcessorDefinition processors = ProcessorReader.read(root, limits.maxVcpus());
        long memoryBytes = memoryBytes();
        if (root.value("kernel") == null) {
            root.missing("kernel", "give the absolute path of the guest's kernel");
        }
        Path kernel = bootFile("kernel");
        Path initrd = bootFile("initrd");
        String cmdline = cmdline();
        boolean autostart = root.flag("autostart");
        boolean debugExit = root.flag("debugExit");
        DeviceDefinitions devices = DevicesReader.read(root, files);
        Path placeholder = Path.of("/");
        return new VmDefinition(
                name,
                uuid,
                processors,
                memoryBytes,
                kernel == null ? placeholder : kernel,
                initrd,
                cmdline,
                autostart,
                debugExit,
                devices);
    }

    private String name() {
        String right = "give 1 to 64 of the characters A-Z a-z 0-9 . _ -, and neither \".\" nor \"..\"";
        if (root.value("name") == null) {
            root.missing("name", right);
        }
        String name = root.text("name", right);
        if (name == null) {
            return "";
        }
        if (!ObjectNames.NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            root.wrong("name", name, right);
        }
        return name;
    }

    private UUID uuid() {
        String right = "give a UUID like 3f2504e0-4f89-41d3-9a0c-0305e82c3301, or leave the key out for a random one";
        String text = root.text("uuid", right);
        if (text == null) {
            return UUID.randomUUID();
        }
        if (!UUID_TEXT.matcher(text).matches()) {
            root.wrong("uuid", text, right);
            return UUID.randomUUID();
        }
        return UUID.fromString(text);
    }

    private long memoryBytes() {
        String right = "give a size like \"512MiB\" with the unit B, KiB, MiB, GiB or TiB, or a whole number of bytes";
        JsonNode node = root.value("memory");
        if (node == null) {
            root.missing("memory", right);
            return 0;
        }
        OptionalLong bytes = DefinitionObject.bytesOf(node);
        if (bytes.isEmpty()) {
            root.wrong("memory", node, right);
        } else if (bytes.getAsLong() < VmDefinition.MIN_MEMORY_BYTES || bytes.getAsLong() > limits.maxMemoryBytes()) {
            root.wrong(
                    "memory",
                    node,
                    "this host can give " + MemorySize.format(VmDefinition.MIN_MEMORY_BYTES) + " to "
                            + MemorySize.format(limits.maxMemoryBytes()));
        } else if (bytes.getAsLong() % VmDefinition.PAGE_BYTES != 0) {
            long pages = bytes.getAsLong() / VmDefinition.PAGE_BYTES;
            root.wrong(
                    "memory",
                    node,
                    "give a multiple of 4KiB, for example \"" + MemorySize.format(pages * VmDefinition.PAGE_BYTES)
                            + "\"");
        }
        return bytes.orElse(0);
    }

    private String cmdline() {
        String text = root.text("cmdline", "give the kernel's command line as a text");
        if (text == null) {
            return DEFAULT_CMDLINE;
        }
        if (!PRINTABLE_ASCII.matcher(text).matches()) {
            root.wrong("cmdline", text, "give printable ASCII characters in one line");
        } else if (text.length() > VmDefinition.MAX_CMDLINE_LENGTH) {
            root.wrong(
                    "cmdline",
                    text,
                    "the boot protocol takes at most " + VmDefinition.MAX_CMDLINE_LENGTH + " characters, these are "
                            + text.length());
        }
        return text;
    }

    private @Nullable Path bootFile(String key) {
        Path path = AbsolutePath.read(root, key);
        if (path != null && files == FileRule.MUST_BE_THERE) {
            String problem = FileCheck.bootFileProblem(path);
            if (!problem.isEmpty()) {
                root.wrong(key, path.toString(), problem);
            }
        }
        return path;
    }
}
