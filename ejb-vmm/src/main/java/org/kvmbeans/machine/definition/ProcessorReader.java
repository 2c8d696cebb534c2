package org.kvmbeans.machine.definition;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Reads {@code vcpus}, {@code maxVcpus} and {@code topology}: what is left out follows from the others. */
final class ProcessorReader {
    private static final String RIGHT = "give an object like {\"sockets\":1,\"cores\":4,\"threads\":2}";

    private ProcessorReader() {}

    static ProcessorDefinition read(DefinitionObject root, int hostMax) {
        DefinitionObject shape = root.object("topology", RIGHT);
        if (shape == null) {
            int vcpus = root.integer("vcpus", 1, 1, hostMax);
            int maxVcpus = root.integer("maxVcpus", vcpus, 1, hostMax);
            return checked(root, vcpus, maxVcpus, new Topology(1, maxVcpus, 1));
        }
        shape.refuseKeysOutside(List.of("sockets", "cores", "threads"));
        Topology topology = new Topology(
                shape.integer("sockets", 1, 1, hostMax),
                shape.integer("cores", 1, 1, hostMax),
                shape.integer("threads", 1, 1, hostMax));
        if (topology.vcpus() > hostMax) {
            root.wrong("topology", text(topology), "this host can give one VM " + hostMax + " vCPUs");
            return ProcessorDefinition.of(1);
        }
        int maxVcpus = root.integer("maxVcpus", (int) topology.vcpus(), 1, hostMax);
        if (maxVcpus != topology.vcpus()) {
            root.wrong("topology", text(topology), "give one whose product is maxVcpus, " + maxVcpus);
            return ProcessorDefinition.of(1);
        }
        return checked(root, root.integer("vcpus", maxVcpus, 1, hostMax), maxVcpus, topology);
    }

    private static ProcessorDefinition checked(DefinitionObject root, int vcpus, int maxVcpus, Topology topology) {
        JsonNode value = root.value("vcpus");
        if (vcpus > maxVcpus && value != null) {
            root.wrong("vcpus", value, "give at most maxVcpus, " + maxVcpus);
            return ProcessorDefinition.of(1);
        }
        return new ProcessorDefinition(vcpus, maxVcpus, topology);
    }

    private static String text(Topology topology) {
        return topology.sockets() + "x" + topology.cores() + "x" + topology.threads();
    }
}
