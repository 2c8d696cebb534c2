package org.kvmbeans.console;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.RequestScoped;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
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
import org.kvmbeans.ejb.ImageService;

/** The images of the pools. An operation that takes long answers with the number of its job. */
@Path("")
@RequestScoped
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class ImageResource {
    private static final long LARGEST_PORT = 65_535;
    private static final long LARGEST_SLOT = 7;

    @EJB
    private ImageService images;

    /** One image. */
    @GET
    @Path("storage/pools/{pool}/images/{image}")
    public JsonObject detail(@PathParam("pool") String pool, @PathParam("image") String image)
            throws InstanceNotFoundException {
        return StorageViews.detail(images.detail(pool, image));
    }

    /** Creates the image in the body: name, format, bytes, and options as an object. */
    @POST
    @Path("storage/pools/{pool}/images")
    public Response create(@PathParam("pool") String pool, InputStream body)
            throws IOException, InstanceNotFoundException {
        JsonObject image = RequestBody.object(body);
        return job(images.create(
                pool,
                RequestBody.text(image, "name"),
                RequestBody.text(image, "format"),
                RequestBody.number(image, "bytes"),
                options(image)));
    }

    /** Says what a file of a pool is. */
    @POST
    @Path("storage/pools/{pool}/files/{name}/actions/register")
    public void register(@PathParam("pool") String pool, @PathParam("name") String name, InputStream body)
            throws IOException, InstanceNotFoundException {
        images.register(pool, name, RequestBody.text(RequestBody.object(body), "format"));
    }

    /** Runs an operation of an image. */
    @POST
    @Path("storage/pools/{pool}/images/{image}/actions/{action}")
    public Response act(
            @PathParam("pool") String pool,
            @PathParam("image") String image,
            @PathParam("action") String action,
            InputStream body)
            throws IOException, InstanceNotFoundException {
        JsonObject values = RequestBody.object(body);
        return switch (action) {
            case "delete" -> {
                images.delete(pool, image);
                yield Response.noContent().build();
            }
            case "unregister" -> {
                images.unregister(pool, image);
                yield Response.noContent().build();
            }
            case "useSecret" -> {
                images.useSecret(pool, image, RequestBody.text(values, "secret"));
                yield Response.noContent().build();
            }
            case "startExport" -> {
                String uri = images.startExport(
                        pool,
                        image,
                        RequestBody.text(values, "host"),
                        (int) RequestBody.number(values, "port", 0, LARGEST_PORT),
                        RequestBody.flag(values, "writable"));
                yield Response.ok(Json.createObjectBuilder().add("uri", uri).build())
                        .build();
            }
            case "stopExport" -> {
                images.stopExport(pool, image);
                yield Response.noContent().build();
            }
            default -> job(started(pool, image, action, values));
        };
    }

    /** Starts a job on the disk of a VM that is on. */
    @POST
    @Path("vms/{vm}/disks/{disk}/jobs/{action}")
    public Response actOnDisk(
            @PathParam("vm") String vm,
            @PathParam("disk") String disk,
            @PathParam("action") String action,
            InputStream body)
            throws IOException, InstanceNotFoundException {
        JsonObject values = RequestBody.object(body);
        String pool = RequestBody.text(values, "pool");
        String name = RequestBody.text(values, "name");
        String format = RequestBody.text(values, "format");
        return job(
                switch (action) {
                    case "snapshot" -> images.snapshotDisk(vm, disk, pool, name);
                    case "mirror" -> images.mirrorDisk(vm, disk, pool, name, format, options(values));
                    case "backup" -> images.backupDisk(vm, disk, pool, name, format, options(values));
                    case "stream" -> images.streamDisk(vm, disk);
                    case "commit" -> images.commitDisk(vm, disk);
                    default ->
                        throw new NotFoundException("there is no job \"" + action
                                + "\" of a disk: it is snapshot, mirror, backup, stream or commit");
                });
    }

    private long started(String pool, String image, String action, JsonObject values) throws InstanceNotFoundException {
        return switch (action) {
            case "convert" ->
                images.convert(
                        pool,
                        image,
                        RequestBody.text(values, "targetPool"),
                        RequestBody.text(values, "targetName"),
                        RequestBody.text(values, "format"),
                        options(values));
            case "check" -> images.check(pool, image);
            case "repair" -> images.repair(pool, image, RequestBody.text(values, "what"));
            case "resize" -> images.resize(pool, image, RequestBody.number(values, "bytes"));
            case "compare" ->
                images.compare(
                        pool, image, RequestBody.text(values, "otherPool"), RequestBody.text(values, "otherName"));
            case "measure" -> images.measure(pool, image, RequestBody.text(values, "format"), options(values));
            case "rebase" ->
                images.rebase(pool, image, RequestBody.text(values, "backing"), RequestBody.text(values, "contents"));
            case "commit" -> images.commit(pool, image);
            case "stream" -> images.stream(pool, image);
            case "createSnapshot" -> images.createSnapshot(pool, image, RequestBody.text(values, "snapshot"));
            case "applySnapshot" -> images.applySnapshot(pool, image, RequestBody.text(values, "snapshot"));
            case "deleteSnapshot" -> images.deleteSnapshot(pool, image, RequestBody.text(values, "snapshot"));
            case "addKey" -> images.addKey(pool, image, RequestBody.text(values, "secret"));
            case "changeKey" -> images.changeKey(pool, image, RequestBody.text(values, "secret"));
            case "removeKey" ->
                images.removeKey(pool, image, (int) RequestBody.number(values, "slot", 0, LARGEST_SLOT));
            default ->
                throw new NotFoundException("there is no action \"" + action
                        + "\" of an image: the actions are those of " + "the MBean org.kvmbeans:type=Image");
        };
    }

    private static String options(JsonObject values) {
        JsonValue options = values.get("options");
        return options == null ? "" : options.toString();
    }

    private static Response job(long id) {
        return Response.accepted(Json.createObjectBuilder().add("job", id).build())
                .build();
    }
}
