package org.kvmbeans.console;

import jakarta.enterprise.context.RequestScoped;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotAuthorizedException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.kvmbeans.ejb.Roles;

/** The session of the user who is logged in. */
@Path("")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
public class SessionResource {
    /** Who is logged in, what the user may do, and the token that changes need. */
    @GET
    @Path("session")
    public JsonObject session(@Context HttpServletRequest request) {
        SessionUser user = SessionUser.of(request);
        if (user == null) {
            throw new NotAuthorizedException("form");
        }
        boolean canDefine = request.isUserInRole(Roles.ADMIN);
        boolean canOperate = request.isUserInRole(Roles.OPERATOR);
        return Json.createObjectBuilder()
                .add("user", user.name())
                .add("role", canDefine ? Roles.ADMIN : canOperate ? Roles.OPERATOR : Roles.VIEWER)
                .add("canOperate", canOperate)
                .add("canDefine", canDefine)
                .add("csrfToken", user.csrfToken())
                .build();
    }

    /** Ends the session, and with it the user's terminals. */
    @POST
    @Path("logout")
    public void logout(@Context HttpServletRequest request) throws ServletException {
        HttpSession session = request.getSession(false);
        if (session != null) {
            session.invalidate();
        }
        request.logout();
    }
}
