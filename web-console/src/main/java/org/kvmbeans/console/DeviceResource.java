package org.kvmbeans.console;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.RequestScoped;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.ejb.DeviceService;
import org.kvmbeans.mbeans.RateLimits;

/**
 * The devices of a VM. It shares the root path with {@link VirtualMachineResource}: JAX-RS looks for a method only in the
 * classes whose own path fits best.
 */
@Path("")
@RequestScoped
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class DeviceResource {
    @EJB
    private DeviceService devices;

    /** Adds the disk in the body. */
    @POST
    @Path("vms/{vm}/disks")
    public Response addDisk(@PathParam("vm") String vm, InputStream body)
            throws IOException, InstanceNotFoundException {
        return created(devices.addDisk(vm, RequestBody.text(body)));
    }

    /** Adds the network interface in the body. */
    @POST
    @Path("vms/{vm}/nics")
    public Response addNic(@PathParam("vm") String vm, InputStream body) throws IOException, InstanceNotFoundException {
        return created(devices.addNic(vm, RequestBody.text(body)));
    }

    /** Runs an operation of a disk. */
    @POST
    @Path("vms/{vm}/disks/{disk}/actions/{action}")
    public void actOnDisk(
            @PathParam("vm") String vm,
            @PathParam("disk") String disk,
            @PathParam("action") String action,
            InputStream body)
            throws IOException, InstanceNotFoundException {
        switch (action) {
            case "remove" -> devices.removeDisk(vm, disk);
            case "resize" -> devices.resizeDisk(vm, disk, RequestBody.number(RequestBody.object(body), "bytes"));
            case "limit" -> devices.limitDisk(vm, disk, limits(RequestBody.object(body)));
            default ->
                throw new NotFoundException(
                        "there is no action \"" + action + "\" of a disk: it is remove, resize or limit");
        }
    }

    /** Runs an operation of a network interface. */
    @POST
    @Path("vms/{vm}/nics/{nic}/actions/{action}")
    public void actOnNic(
            @PathParam("vm") String vm,
            @PathParam("nic") String nic,
            @PathParam("action") String action,
            InputStream body)
            throws IOException, InstanceNotFoundException {
        switch (action) {
            case "remove" -> devices.removeNic(vm, nic);
            case "linkUp" -> devices.linkUp(vm, nic);
            case "linkDown" -> devices.linkDown(vm, nic);
            case "limitReceive" -> devices.limitReceive(vm, nic, limits(RequestBody.object(body)));
            case "limitTransmit" -> devices.limitTransmit(vm, nic, limits(RequestBody.object(body)));
            default ->
                throw new NotFoundException("there is no action \"" + action
                        + "\" of a NIC: it is remove, linkUp, linkDown, limitReceive or limitTransmit");
        }
    }

    /** Asks the guest to fill or empty its balloon. */
    @POST
    @Path("vms/{vm}/balloon/actions/changeTarget")
    public void changeBalloonTarget(@PathParam("vm") String vm, InputStream body)
            throws IOException, InstanceNotFoundException {
        devices.changeBalloonTarget(vm, RequestBody.number(RequestBody.object(body), "bytes"));
    }

    /** Plugs vCPUs in, or asks for some back. */
    @POST
    @Path("vms/{vm}/vcpus")
    public void changeVcpuCount(@PathParam("vm") String vm, InputStream body)
            throws IOException, InstanceNotFoundException {
        long count = RequestBody.number(RequestBody.object(body), "count");
        if (count < 1 || count > Integer.MAX_VALUE) {
            throw new BadRequestException("count is " + count + "; give 1 to the VM's MaxVcpuCount");
        }
        devices.changeVcpuCount(vm, (int) count);
    }

    private static RateLimits limits(JsonObject body) {
        return new RateLimits(
                RequestBody.number(body, "bytesPerSecond"),
                RequestBody.number(body, "burstBytes"),
                RequestBody.number(body, "operationsPerSecond"),
                RequestBody.number(body, "burstOperations"));
    }

    private static Response created(String name) {
        return Response.status(Response.Status.CREATED)
                .entity(Json.createObjectBuilder().add("name", name).build())
                .build();
    }
}
