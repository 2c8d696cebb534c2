package org.kvmbeans.console;

import jakarta.inject.Inject;
import jakarta.security.enterprise.AuthenticationStatus;
import jakarta.security.enterprise.SecurityContext;
import jakarta.security.enterprise.authentication.mechanism.http.AuthenticationParameters;
import jakarta.security.enterprise.credential.UsernamePasswordCredential;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.kvmbeans.ejb.Roles;

/** Takes what the login form sends, and leads to the console or back to the form with the reason. */
@WebServlet("/login")
public class LoginServlet extends HttpServlet {
    private static final long serialVersionUID = 1;
    private static final int LONGEST_NAME = 256;
    private static final int LONGEST_PASSWORD = 1024;

    @Inject
    private transient SecurityContext security;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String user = request.getParameter("user");
        String password = request.getParameter("password");
        if (user == null || password == null || user.length() > LONGEST_NAME || password.length() > LONGEST_PASSWORD) {
            answer(request, response, "login.html?failed=refused");
            return;
        }
        AuthenticationParameters parameters = AuthenticationParameters.withParams()
                .credential(new UsernamePasswordCredential(user, password))
                .newAuthentication(true);
        if (security.authenticate(request, response, parameters) != AuthenticationStatus.SUCCESS) {
            answer(request, response, "login.html?failed=refused");
        } else if (!request.isUserInRole(Roles.VIEWER)) {
            request.getSession().invalidate();
            answer(request, response, "login.html?failed=role");
        } else {
            answer(request, response, "");
        }
    }

    /** 303, so that the browser goes on with a GET; relative, so that it holds behind any proxy. */
    private static void answer(HttpServletRequest request, HttpServletResponse response, String path) {
        response.setStatus(HttpServletResponse.SC_SEE_OTHER);
        response.setHeader("Location", request.getContextPath() + "/" + path);
    }
}
