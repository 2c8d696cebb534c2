package org.kvmbeans.console;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.RequestScoped;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.ejb.JobService;
import org.kvmbeans.ejb.StorageService;

/** The pools of disk images, the jobs on them, and the secrets of encrypted ones. */
@Path("")
@RequestScoped
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class StorageResource {
    @EJB
    private StorageService storage;

    @EJB
    private JobService jobs;

    /** All pools with their images, all jobs, and the names of the secrets. */
    @GET
    @Path("storage")
    public JsonObject view() throws InstanceNotFoundException {
        return StorageViews.storage(storage.view());
    }

    /** Changes where images may lie. */
    @POST
    @Path("storage/policy")
    public void changePolicy(InputStream body) throws IOException, InstanceNotFoundException {
        storage.changeDiskPathPolicy(RequestBody.text(RequestBody.object(body), "policy"));
    }

    /** Makes a directory a pool. */
    @POST
    @Path("storage/pools")
    public void addPool(InputStream body) throws IOException, InstanceNotFoundException {
        JsonObject pool = RequestBody.object(body);
        storage.addPool(
                RequestBody.text(pool, "name"),
                RequestBody.text(pool, "path"),
                RequestBody.number(pool, "quotaBytes"),
                RequestBody.text(pool, "backingDirectories"));
    }

    /** Runs an operation of a pool. */
    @POST
    @Path("storage/pools/{pool}/actions/{action}")
    public void actOnPool(@PathParam("pool") String pool, @PathParam("action") String action)
            throws InstanceNotFoundException {
        switch (action) {
            case "refresh" -> storage.refresh(pool);
            case "remove" -> storage.removePool(pool);
            default ->
                throw new NotFoundException("there is no action \"" + action + "\" of a pool: it is refresh or remove");
        }
    }

    /** Calls a job off, or lets it do its last step. */
    @POST
    @Path("storage/jobs/{id}/actions/{action}")
    public void actOnJob(@PathParam("id") long id, @PathParam("action") String action)
            throws InstanceNotFoundException {
        switch (action) {
            case "cancel" -> jobs.cancel(id);
            case "complete" -> jobs.complete(id);
            default ->
                throw new NotFoundException("there is no action \"" + action + "\" of a job: it is cancel or complete");
        }
    }

    /** Keeps a secret. */
    @POST
    @Path("storage/secrets")
    public void defineSecret(InputStream body) throws IOException, InstanceNotFoundException {
        JsonObject secret = RequestBody.object(body);
        storage.defineSecret(RequestBody.text(secret, "name"), RequestBody.text(secret, "value"));
    }

    /** Forgets a secret. */
    @POST
    @Path("storage/secrets/{name}/actions/remove")
    public void removeSecret(@PathParam("name") String name) throws InstanceNotFoundException {
        storage.removeSecret(name);
    }
}
