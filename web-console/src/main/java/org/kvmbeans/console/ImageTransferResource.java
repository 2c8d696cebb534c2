package org.kvmbeans.console;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.RequestScoped;
import jakarta.json.Json;
import jakarta.ws.rs.ClientErrorException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.ejb.ImageService;
import org.kvmbeans.ejb.JobService;

/** Images on their way from and to a browser. They are streamed: no more than a part of one is in memory. */
@Path("")
@RequestScoped
public class ImageTransferResource {
    private static final int PART_BYTES = 1 << 20;

    @EJB
    private ImageService images;

    @EJB
    private JobService jobs;

    /** Takes an image: the bytes of its file are the body. */
    @PUT
    @Path("storage/pools/{pool}/uploads/{name}")
    @Consumes(MediaType.APPLICATION_OCTET_STREAM)
    @Produces(MediaType.APPLICATION_JSON)
    public Response upload(
            @PathParam("pool") String pool,
            @PathParam("name") String name,
            @QueryParam("format") String format,
            @HeaderParam(HttpHeaders.CONTENT_LENGTH) Long length,
            InputStream body)
            throws IOException, InstanceNotFoundException {
        if (length == null || length < 0) {
            throw new ClientErrorException("the length of the image must be said", Response.Status.LENGTH_REQUIRED);
        }
        long id = images.beginUpload(pool, name, format == null ? "" : format, length);
        boolean finished = false;
        try {
            copy(body, pool, id);
            images.finishUpload(pool, id);
            finished = true;
        } finally {
            if (!finished) {
                abandon(id);
            }
        }
        return Response.status(Response.Status.CREATED)
                .entity(Json.createObjectBuilder()
                        .add("name", name)
                        .add("job", id)
                        .build())
                .build();
    }

    private void copy(InputStream body, String pool, long id) throws IOException, InstanceNotFoundException {
        byte[] part = new byte[PART_BYTES];
        long offset = 0;
        int read;
        while ((read = body.readNBytes(part, 0, part.length)) > 0) {
            images.append(pool, id, offset, part, read);
            offset += read;
        }
    }

    private void abandon(long id) throws InstanceNotFoundException {
        try {
            jobs.cancel(id);
        } catch (RuntimeException e) {
            // It has ended already: what went wrong is on its way to the caller.
        }
    }

    /** Gives an image's file as it is. */
    @GET
    @Path("storage/pools/{pool}/images/{image}/content")
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    public Response download(@PathParam("pool") String pool, @PathParam("image") String image)
            throws InstanceNotFoundException {
        long length = images.beginDownload(pool, image);
        StreamingOutput content = output -> send(output, pool, image, length);
        // The name is one of A-Z a-z 0-9 . _ - and needs no quoting: the service found an image of that name.
        return Response.ok(content)
                .header(HttpHeaders.CONTENT_LENGTH, length)
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"" + image + "\"")
                .build();
    }

    private void send(OutputStream output, String pool, String image, long length) throws IOException {
        for (long offset = 0; offset < length; ) {
            byte[] part = part(pool, image, offset, length);
            if (part.length == 0) {
                throw new IOException(image + " has become shorter while it was sent");
            }
            output.write(part);
            offset += part.length;
        }
    }

    private byte[] part(String pool, String image, long offset, long length) throws IOException {
        try {
            return images.read(pool, image, offset, (int) Math.min(PART_BYTES, length - offset));
        } catch (InstanceNotFoundException e) {
            throw new IOException(image + " was deleted while it was sent", e);
        }
    }
}
