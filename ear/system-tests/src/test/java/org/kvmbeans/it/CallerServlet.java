package org.kvmbeans.it;

import jakarta.annotation.security.DeclareRoles;
import jakarta.ejb.EJB;
import jakarta.ejb.EJBAccessException;
import jakarta.security.enterprise.authentication.mechanism.http.BasicAuthenticationMechanismDefinition;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.HttpConstraint;
import jakarta.servlet.annotation.ServletSecurity;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import javax.management.InstanceNotFoundException;
import org.kvmbeans.ejb.HostService;
import org.kvmbeans.ejb.InventoryService;
import org.kvmbeans.ejb.LifecycleService;
import org.kvmbeans.ejb.RefusedException;
import org.kvmbeans.ejb.Roles;
import org.kvmbeans.ejb.SerialConsoleService;

/** Calls the services for whoever is logged in: {@code ?call=start&vm=NAME}. Any user gets as far as the services. */
@WebServlet("/call")
@DeclareRoles({Roles.VIEWER, Roles.OPERATOR, Roles.ADMIN})
@BasicAuthenticationMechanismDefinition(realmName = "KVM Beans tests")
@ServletSecurity(@HttpConstraint(rolesAllowed = {Roles.VIEWER, Roles.OPERATOR, Roles.ADMIN}))
public class CallerServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    @EJB
    private transient HostService host;

    @EJB
    private transient InventoryService inventory;

    @EJB
    private transient LifecycleService lifecycle;

    @EJB
    private transient SerialConsoleService serial;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        response.setContentType("text/plain;charset=UTF-8");
        try {
            response.getWriter().print(call(request));
        } catch (EJBAccessException e) {
            response.setStatus(HttpServletResponse.SC_FORBIDDEN);
        } catch (RefusedException e) {
            response.setStatus(e.kind().httpStatus());
            response.getWriter().print(e.getMessage());
        } catch (InstanceNotFoundException e) {
            throw new ServletException("the services translate this", e);
        }
    }

    private Object call(HttpServletRequest request) throws InstanceNotFoundException {
        String vm = request.getParameter("vm");
        return switch (request.getParameter("call")) {
            case "summary" -> host.summary();
            case "define" -> host.defineVm(request.getParameter("json"));
            case "list" -> inventory.list();
            case "detail" -> inventory.detail(vm);
            case "tail" -> serial.tail(vm, "com1", 100);
            case "write" -> {
                serial.write(vm, "com1", request.getParameter("text"));
                yield "";
            }
            default -> {
                operate(request.getParameter("call"), vm);
                yield "";
            }
        };
    }

    private void operate(String operation, String vm) throws InstanceNotFoundException {
        switch (operation) {
            case "start" -> lifecycle.start(vm);
            case "pause" -> lifecycle.pause(vm);
            case "resume" -> lifecycle.resume(vm);
            case "shutdown" -> lifecycle.shutdown(vm);
            case "reset" -> lifecycle.reset(vm);
            case "powerOff" -> lifecycle.powerOff(vm);
            case "undefine" -> lifecycle.undefine(vm);
            default -> throw new IllegalArgumentException(operation);
        }
    }
}
