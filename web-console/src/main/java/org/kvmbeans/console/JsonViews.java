package org.kvmbeans.console;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.ejb.HostSummary;
import org.kvmbeans.ejb.MBeanView;
import org.kvmbeans.ejb.VmDetail;
import org.kvmbeans.ejb.VmSummary;

/** The JSON that the page gets: the services' records, under the same names. */
final class JsonViews {
    /** Whole numbers beyond are not exact in JavaScript (ECMAScript, Number.MAX_SAFE_INTEGER) and go as text. */
    private static final long LARGEST_EXACT = (1L << 53) - 1;

    private JsonViews() {}

    /** Host and VMs; {@code nanos} is the server's monotonic clock at the reading, for rates. */
    static JsonObject summary(long nanos, HostSummary host, List<VmSummary> vms) {
        JsonArrayBuilder list = Json.createArrayBuilder();
        vms.forEach(vm -> list.add(vm(vm)));
        return Json.createObjectBuilder()
                .add("nanos", nanos)
                .add("host", host(host))
                .add("vms", list)
                .build();
    }

    private static JsonObjectBuilder host(HostSummary host) {
        return Json.createObjectBuilder()
                .add("kvmFlavor", host.kvmFlavor().name())
                .add("kvmUnavailableReason", host.kvmUnavailableReason())
                .add("kvmApiVersion", host.kvmApiVersion())
                .add("maxVcpusPerVm", host.maxVcpusPerVm())
                .add("version", host.version())
                .add("hostName", host.hostName())
                .add("kernelRelease", host.kernelRelease())
                .add("home", host.home())
                .add("cpuCount", host.cpuCount())
                .add("cpuLoad", Double.isFinite(host.cpuLoad()) ? host.cpuLoad() : -1)
                .add("memoryTotalBytes", host.memoryTotalBytes())
                .add("memoryAvailableBytes", host.memoryAvailableBytes())
                .add("virtualMachineCount", host.virtualMachineCount())
                .add("runningVirtualMachineCount", host.runningVirtualMachineCount());
    }

    private static JsonObjectBuilder vm(VmSummary vm) {
        return Json.createObjectBuilder()
                .add("name", vm.name())
                .add("uuid", vm.uuid())
                .add("state", vm.state().name())
                .add("stopReason", vm.stopReason().name())
                .add("lastError", vm.lastError())
                .add("uptimeMillis", vm.uptimeMillis())
                .add("vcpuCount", vm.vcpuCount())
                .add("memoryBytes", vm.memoryBytes())
                .add("memoryResidentBytes", vm.memoryResidentBytes())
                .add("cpuTimeNanos", vm.cpuTimeNanos())
                .add("exitsTotal", vm.exitsTotal())
                .add("autostart", vm.autostart());
    }

    /** One VM with its vCPUs, serial ports and devices. */
    static JsonObject detail(long nanos, VmDetail vm) {
        JsonArrayBuilder vcpus = Json.createArrayBuilder();
        vm.vcpus().forEach(vcpu -> vcpus.add(vcpu(vcpu)));
        JsonArrayBuilder ports = Json.createArrayBuilder();
        vm.serialPorts().forEach(port -> ports.add(serialPort(port)));
        return vm(vm.summary())
                .add("nanos", nanos)
                .add("pid", vm.pid())
                .add("resetsTotal", vm.resetsTotal())
                .add("debugExitStatus", vm.debugExitStatus())
                .add("definition", vm.definition())
                .add("vcpus", vcpus)
                .add("serialPorts", ports)
                .add("maxVcpuCount", vm.maxVcpuCount())
                .add("devices", DeviceViews.devices(vm.devices()))
                .build();
    }

    private static JsonObjectBuilder vcpu(VmDetail.Vcpu vcpu) {
        JsonObjectBuilder exits = Json.createObjectBuilder();
        vcpu.exits()
                .forEach((reason, statistics) -> exits.add(
                        reason,
                        Json.createObjectBuilder()
                                .add("count", statistics.count())
                                .add("totalNanos", statistics.totalNanos())
                                .add("maxNanos", statistics.maxNanos())));
        return Json.createObjectBuilder()
                .add("id", vcpu.id())
                .add("state", vcpu.state().name())
                .add("threadId", vcpu.threadId())
                .add("cpuTimeNanos", vcpu.cpuTimeNanos())
                .add("exitsTotal", vcpu.exitsTotal())
                .add("exitNanosTotal", vcpu.exitNanosTotal())
                .add("exits", exits);
    }

    private static JsonObjectBuilder serialPort(VmDetail.SerialPort port) {
        return Json.createObjectBuilder()
                .add("name", port.name())
                .add("bytesReceived", port.bytesReceived())
                .add("bytesTransmitted", port.bytesTransmitted())
                .add("inputPendingBytes", port.inputPendingBytes())
                .add("inputCapacityBytes", port.inputCapacityBytes());
    }

    /** Every MBean of a VM with its attributes. */
    static JsonObject mbeans(List<MBeanView> beans) {
        JsonArrayBuilder list = Json.createArrayBuilder();
        for (MBeanView bean : beans) {
            JsonArrayBuilder attributes = Json.createArrayBuilder();
            bean.attributes().forEach(attribute -> attributes.add(attribute(attribute)));
            list.add(Json.createObjectBuilder()
                    .add("objectName", bean.objectName())
                    .add("type", bean.type())
                    .add("description", bean.description())
                    .add("attributes", attributes));
        }
        return Json.createObjectBuilder().add("mbeans", list).build();
    }

    private static JsonObjectBuilder attribute(MBeanView.Attribute attribute) {
        return Json.createObjectBuilder()
                .add("name", attribute.name())
                .add("description", attribute.description())
                .add("unit", attribute.unit())
                .add("value", value(attribute.value()))
                .add("error", attribute.error());
    }

    /** A plain value as JSON; whole numbers stay exact. */
    static JsonValue value(@Nullable Object value) {
        if (value == null) {
            return JsonValue.NULL;
        }
        if (value instanceof Boolean flag) {
            return flag ? JsonValue.TRUE : JsonValue.FALSE;
        }
        if (value instanceof Number number) {
            return number(number);
        }
        if (value instanceof List<?> list) {
            JsonArrayBuilder array = Json.createArrayBuilder();
            list.forEach(element -> array.add(value(element)));
            return array.build();
        }
        if (value instanceof Map<?, ?> map) {
            JsonObjectBuilder object = Json.createObjectBuilder();
            map.forEach((key, element) -> object.add(String.valueOf(key), value(element)));
            return object.build();
        }
        return Json.createValue(value.toString());
    }

    private static JsonValue number(Number number) {
        if (number instanceof Double || number instanceof Float) {
            double real = number.doubleValue();
            return Double.isFinite(real) ? Json.createValue(real) : Json.createValue(number.toString());
        }
        BigDecimal whole = new BigDecimal(number.toString());
        boolean exact = whole.abs().compareTo(BigDecimal.valueOf(LARGEST_EXACT)) <= 0;
        return exact ? Json.createValue(whole) : Json.createValue(number.toString());
    }
}
