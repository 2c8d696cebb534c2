package org.kvmbeans.console;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.kvmbeans.ejb.VmDevices;
import org.kvmbeans.mbeans.DiskUsage;
import org.kvmbeans.mbeans.GuestMemoryStatistics;
import org.kvmbeans.mbeans.LatencyStatistics;
import org.kvmbeans.mbeans.NicUsage;
import org.kvmbeans.mbeans.QueueUsage;
import org.kvmbeans.mbeans.RateLimits;

/** The JSON that the page gets of a VM's devices: the services' records, under the same names. */
final class DeviceViews {
    private DeviceViews() {}

    static JsonObjectBuilder devices(VmDevices devices) {
        JsonArrayBuilder disks = Json.createArrayBuilder();
        devices.disks().forEach(disk -> disks.add(disk(disk)));
        JsonArrayBuilder nics = Json.createArrayBuilder();
        devices.nics().forEach(nic -> nics.add(nic(nic)));
        JsonArrayBuilder others = Json.createArrayBuilder();
        devices.others().forEach(other -> others.add(device(other)));
        JsonArrayBuilder queues = Json.createArrayBuilder();
        devices.queues().forEach(queue -> queues.add(queue(queue)));
        JsonObjectBuilder view = Json.createObjectBuilder()
                .add("disks", disks)
                .add("nics", nics)
                .add("others", others)
                .add("queues", queues);
        VmDevices.Balloon balloon = devices.balloon();
        return balloon == null ? view.addNull("balloon") : view.add("balloon", balloon(balloon));
    }

    private static JsonObjectBuilder device(VmDevices.Device device) {
        return Json.createObjectBuilder()
                .add("type", device.type())
                .add("name", device.name())
                .add("state", device.state().name())
                .add("lastError", device.lastError())
                .add("features", device.features())
                .add("featureNames", Json.createArrayBuilder(device.featureNames()));
    }

    private static JsonObjectBuilder disk(VmDevices.Disk disk) {
        return device(disk.device())
                .add("path", disk.path())
                .add("format", disk.format())
                .add("cacheMode", disk.cacheMode().name())
                .add("readOnly", disk.readOnly())
                .add("sizeBytes", disk.sizeBytes())
                .add("allocatedBytes", disk.allocatedBytes())
                .add("usage", usage(disk.usage()))
                .add("latency", latency(disk.latency()))
                .add("limits", limits(disk.limits()));
    }

    private static JsonObjectBuilder usage(DiskUsage usage) {
        return Json.createObjectBuilder()
                .add("readsTotal", usage.readsTotal())
                .add("writesTotal", usage.writesTotal())
                .add("flushesTotal", usage.flushesTotal())
                .add("discardsTotal", usage.discardsTotal())
                .add("bytesRead", usage.bytesRead())
                .add("bytesWritten", usage.bytesWritten())
                .add("errorsTotal", usage.errorsTotal())
                .add("inFlightCount", usage.inFlightCount())
                .add("throttledNanos", usage.throttledNanos());
    }

    private static JsonObjectBuilder latency(LatencyStatistics latency) {
        return Json.createObjectBuilder()
                .add("count", latency.count())
                .add("totalNanos", latency.totalNanos())
                .add("maxNanos", latency.maxNanos());
    }

    private static JsonObjectBuilder limits(RateLimits limits) {
        return Json.createObjectBuilder()
                .add("bytesPerSecond", limits.bytesPerSecond())
                .add("burstBytes", limits.burstBytes())
                .add("operationsPerSecond", limits.operationsPerSecond())
                .add("burstOperations", limits.burstOperations());
    }

    private static JsonObjectBuilder nic(VmDevices.Nic nic) {
        return device(nic.device())
                .add("macAddress", nic.macAddress())
                .add("backend", nic.backend().name())
                .add("hostInterface", nic.hostInterface())
                .add("bridge", nic.bridge())
                .add("linkUp", nic.linkUp())
                .add("mtuBytes", nic.mtuBytes())
                .add("usage", usage(nic.usage()))
                .add("receiveLimits", limits(nic.receiveLimits()))
                .add("transmitLimits", limits(nic.transmitLimits()));
    }

    private static JsonObjectBuilder usage(NicUsage usage) {
        return Json.createObjectBuilder()
                .add("bytesReceived", usage.bytesReceived())
                .add("bytesTransmitted", usage.bytesTransmitted())
                .add("packetsReceivedTotal", usage.packetsReceivedTotal())
                .add("packetsTransmittedTotal", usage.packetsTransmittedTotal())
                .add("receiveDropsTotal", usage.receiveDropsTotal())
                .add("transmitDropsTotal", usage.transmitDropsTotal())
                .add("receiveErrorsTotal", usage.receiveErrorsTotal())
                .add("transmitErrorsTotal", usage.transmitErrorsTotal())
                .add("receiveThrottledNanos", usage.receiveThrottledNanos())
                .add("transmitThrottledNanos", usage.transmitThrottledNanos());
    }

    private static JsonObjectBuilder balloon(VmDevices.Balloon balloon) {
        GuestMemoryStatistics guest = balloon.guestStatistics();
        return device(balloon.device())
                .add("targetBytes", balloon.targetBytes())
                .add("actualBytes", balloon.actualBytes())
                .add("reportedFreeBytes", balloon.reportedFreeBytes())
                .add("guestFreeBytes", guest.freeBytes())
                .add("guestAvailableBytes", guest.availableBytes())
                .add("guestTotalBytes", guest.totalBytes());
    }

    private static JsonObjectBuilder queue(VmDevices.Queue queue) {
        QueueUsage usage = queue.usage();
        return Json.createObjectBuilder()
                .add("device", queue.device())
                .add("id", queue.id())
                .add("size", queue.size())
                .add("enabled", queue.enabled())
                .add("ringFormat", queue.ringFormat().name())
                .add("requestsTotal", usage.requestsTotal())
                .add("notificationsTotal", usage.notificationsTotal())
                .add("interruptsTotal", usage.interruptsTotal())
                .add("bytesFromGuest", usage.bytesFromGuest())
                .add("bytesToGuest", usage.bytesToGuest())
                .add("errorsTotal", usage.errorsTotal())
                .add("depth", usage.depthCount())
                .add("throttledNanos", usage.throttledNanos());
    }
}
