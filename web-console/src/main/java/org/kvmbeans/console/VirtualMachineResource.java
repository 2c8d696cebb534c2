package org.kvmbeans.console;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.RequestScoped;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
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
import javax.management.JMException;
import org.kvmbeans.ejb.HostService;
import org.kvmbeans.ejb.InventoryService;
import org.kvmbeans.ejb.LifecycleService;

/** The host and its VMs. */
@Path("")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
public class VirtualMachineResource {
    @EJB
    private HostService host;

    @EJB
    private InventoryService inventory;

    @EJB
    private LifecycleService lifecycle;

    /** The host and all VMs at a glance. */
    @GET
    @Path("summary")
    public JsonObject summary() throws InstanceNotFoundException {
        return JsonViews.summary(System.nanoTime(), host.summary(), inventory.list());
    }

    /** One VM. */
    @GET
    @Path("vms/{vm}")
    public JsonObject detail(@PathParam("vm") String vm) throws InstanceNotFoundException {
        return JsonViews.detail(System.nanoTime(), inventory.detail(vm));
    }

    /** Every MBean of one VM. */
    @GET
    @Path("vms/{vm}/mbeans")
    public JsonObject mbeans(@PathParam("vm") String vm) throws JMException {
        return JsonViews.mbeans(inventory.mbeans(vm));
    }

    /** Defines a VM from the JSON document in the body. */
    @POST
    @Path("vms")
    @Consumes(MediaType.APPLICATION_JSON)
    public Response define(InputStream body) throws IOException, InstanceNotFoundException {
        String name = host.defineVm(RequestBody.text(body));
        return Response.status(Response.Status.CREATED)
                .entity(Json.createObjectBuilder().add("name", name).build())
                .build();
    }

    /** Runs an operation of a VM. */
    @POST
    @Path("vms/{vm}/actions/{action}")
    public void act(@PathParam("vm") String vm, @PathParam("action") String action) throws InstanceNotFoundException {
        switch (action) {
            case "start" -> lifecycle.start(vm);
            case "pause" -> lifecycle.pause(vm);
            case "resume" -> lifecycle.resume(vm);
            case "shutdown" -> lifecycle.shutdown(vm);
            case "reset" -> lifecycle.reset(vm);
            case "powerOff" -> lifecycle.powerOff(vm);
            case "undefine" -> lifecycle.undefine(vm);
            default ->
                throw new NotFoundException("there is no action \"" + action
                        + "\": it is start, pause, resume, shutdown, reset, powerOff or undefine");
        }
    }
}
