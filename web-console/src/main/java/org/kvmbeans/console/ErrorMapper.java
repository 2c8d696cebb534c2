package org.kvmbeans.console;

import jakarta.ejb.EJBAccessException;
import jakarta.json.Json;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kvmbeans.ejb.RefusedException;

/** Answers what a service refuses with its own words: {@code {"error": "…"}} and the status that says the same. */
@Provider
public class ErrorMapper implements ExceptionMapper<Throwable> {
    /** What a caller without the role of a method is told. */
    static final String ROLE_MISSING = "your role does not allow this: the user needs a higher kvmbeans role";

    private static final Logger LOG = Logger.getLogger(ErrorMapper.class.getName());

    @Override
    public Response toResponse(Throwable thrown) {
        if (thrown instanceof RefusedException refused) {
            return answer(refused.kind().httpStatus(), String.valueOf(refused.getMessage()));
        }
        if (thrown instanceof EJBAccessException) {
            return answer(Response.Status.FORBIDDEN.getStatusCode(), ROLE_MISSING);
        }
        if (thrown instanceof WebApplicationException web) {
            return answer(web.getResponse().getStatus(), String.valueOf(web.getMessage()));
        }
        // Nothing that was made for the caller: the details stay in the log, found by the number.
        String number = UUID.randomUUID().toString();
        LOG.log(Level.SEVERE, thrown, () -> "request failed, number " + number);
        return answer(
                Response.Status.INTERNAL_SERVER_ERROR.getStatusCode(),
                "the server failed; its log has the details under number " + number);
    }

    private static Response answer(int status, String message) {
        return Response.status(status)
                .type(MediaType.APPLICATION_JSON_TYPE)
                .entity(Json.createObjectBuilder().add("error", message).build().toString())
                .build();
    }
}
