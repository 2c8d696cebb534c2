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
            default -> job(started(pool, image, action, values));
        };
    }

    private long started(String pool, String image, String action, JsonObject values)
            throws InstanceNotFoundException {
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
                images.rebase(
                        pool, image, RequestBody.text(values, "backing"), RequestBody.text(values, "contents"));
            case "commit" -> images.commit(pool, image);
            case "stream" -> images.stream(pool, image);
            default ->
                throw new NotFoundException("there is no action \"" + action + "\" of an image: it is convert, check, "
                        + "repair, resize, compare, measure, rebase, commit, stream, useSecret, unregister or delete");
        };
    }

    private static String options(JsonObject values) {
        JsonValue options = values.get("options");
        return options == null ? "" : options.toString();
    }

    private static Response job(long id) {
        return Response.accepted(Json.createObjectBuilder().add("job", id).build()).build();
    }
}
