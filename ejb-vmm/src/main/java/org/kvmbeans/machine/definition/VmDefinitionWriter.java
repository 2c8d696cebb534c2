package org.kvmbeans.machine.definition;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import org.kvmbeans.virtio.spi.RateLimits;

/** Writes definitions in one canonical form: every key in a fixed order, so that equal definitions are equal texts. */
public final class VmDefinitionWriter {
    private static final ObjectWriter WRITER = JsonMapper.builder().build().writerWithDefaultPrettyPrinter();

    private VmDefinitionWriter() {}

    /** The definition as JSON that {@link VmDefinitionReader} reads back as an equal one. */
    public static String write(VmDefinition definition) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("name", definition.name());
        root.put("uuid", definition.uuid().toString());
        writeProcessors(root, definition.processors());
        root.put("memory", MemorySize.format(definition.memoryBytes()));
        root.put("kernel", definition.kernel().toString());
        Path initrd = definition.initrd();
        if (initrd != null) {
            root.put("initrd", initrd.toString());
        }
        root.put("cmdline", definition.cmdline());
        root.put("autostart", definition.autostart());
        root.put("debugExit", definition.debugExit());
        writeDevices(root, definition.devices());
        try {
            return WRITER.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of texts and numbers has no JSON form", e);
        }
    }

    private static void writeProcessors(ObjectNode root, ProcessorDefinition processors) {
        root.put("vcpus", processors.vcpus());
        root.put("maxVcpus", processors.maxVcpus());
        root.putObject("topology")
                .put("sockets", processors.topology().sockets())
                .put("cores", processors.topology().cores())
                .put("threads", processors.topology().threads());
    }

    private static void writeDevices(ObjectNode root, DeviceDefinitions devices) {
        ArrayNode disks = root.putArray("disks");
        devices.disks().forEach(disk -> writeDisk(disks.addObject(), disk));
        ArrayNode nics = root.putArray("nics");
        devices.nics().forEach(nic -> writeNic(nics.addObject(), nic));
        ArrayNode consoles = root.putArray("consoles");
        devices.consoles().forEach(consoles::add);
        root.put("rng", devices.rng());
        root.put("balloon", devices.balloon());
        if (devices.vsockCid() != 0) {
            root.putObject("vsock").put("cid", devices.vsockCid());
        }
    }

    private static void writeDisk(ObjectNode object, DiskDefinition disk) {
        object.put("name", disk.name());
        object.put("path", disk.path().toString());
        object.put("format", word(disk.format()));
        object.put("readOnly", disk.readOnly());
        object.put("cache", word(disk.cache()));
        object.put("serial", disk.serial());
        object.put("queues", disk.queues());
        object.put("blockBytes", disk.blockBytes());
        object.put("discard", disk.discard());
        object.put("onError", word(disk.onError()));
        writeLimits(object.putObject("limits"), disk.limits());
        if (!disk.secret().isEmpty()) {
            object.put("secret", disk.secret());
        }
    }

    private static void writeNic(ObjectNode object, NicDefinition nic) {
        object.put("name", nic.name());
        object.put("backend", word(nic.backend()));
        object.put("mac", nic.mac());
        object.put("bridge", nic.bridge());
        object.put("tap", nic.tap());
        object.put("queues", nic.queues());
        object.put("mtu", nic.mtu());
        object.put("allowSpoofing", nic.allowSpoofing());
        ArrayNode forwards = object.putArray("forwards");
        nic.forwards().forEach(forwards::add);
        writeLimits(object.putObject("transmitLimits"), nic.transmitLimits());
        writeLimits(object.putObject("receiveLimits"), nic.receiveLimits());
    }

    private static void writeLimits(ObjectNode object, RateLimits limits) {
        object.put("bytesPerSecond", limits.bytesPerSecond());
        object.put("burstBytes", limits.burstBytes());
        object.put("operationsPerSecond", limits.operationsPerSecond());
        object.put("burstOperations", limits.burstOperations());
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
