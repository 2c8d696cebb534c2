package org.kvmbeans.machine.definition;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.kvmbeans.arch.x86.CpuTopology;

/** Reads {@code vcpus}, {@code maxVcpus} and {@code topology}: what is left out follows from the others. */
final class ProcessorReader {
    private static final String RIGHT = "give an object like {\"sockets\":1,\"cores\":4,\"threads\":2}";

    private ProcessorReader() {}

    static ProcessorDefinition read(DefinitionObject root, int hostMax) {
        DefinitionObject shape = root.object("topology", RIGHT);
        if (shape == null) {
            int vcpus = root.integer("vcpus", 1, 1, hostMax);
            int maxVcpus = root.integer("maxVcpus", vcpus, 1, hostMax);
            return checked(root, vcpus, maxVcpus, CpuTopology.ofCores(maxVcpus));
        }
        shape.refuseKeysOutside(List.of("sockets", "cores", "threads"));
        int sockets = shape.integer("sockets", 1, 1, hostMax);
        int cores = shape.integer("cores", 1, 1, hostMax);
        int threads = shape.integer("threads", 1, 1, hostMax);
        if ((long) sockets * cores * threads > hostMax) {
            root.wrong("topology", text(sockets, cores, threads), "this host can give one VM " + hostMax + " vCPUs");
            return ProcessorDefinition.of(1);
        }
        CpuTopology topology = new CpuTopology(sockets, cores, threads);
        int maxVcpus = root.integer("maxVcpus", topology.vcpuCount(), 1, hostMax);
        if (maxVcpus != topology.vcpuCount()) {
            root.wrong("topology", text(sockets, cores, threads), "give one whose product is maxVcpus, " + maxVcpus);
            return ProcessorDefinition.of(1);
        }
        return checked(root, root.integer("vcpus", maxVcpus, 1, hostMax), maxVcpus, topology);
    }

    private static ProcessorDefinition checked(DefinitionObject root, int vcpus, int maxVcpus, CpuTopology topology) {
        JsonNode value = root.value("vcpus");
        if (vcpus > maxVcpus && value != null) {
            root.wrong("vcpus", value, "give at most maxVcpus, " + maxVcpus);
            return ProcessorDefinition.of(1);
        }
        return new ProcessorDefinition(vcpus, maxVcpus, topology);
    }

    private static String text(int sockets, int cores, int threads) {
        return sockets + "x" + cores + "x" + threads;
    }
}
