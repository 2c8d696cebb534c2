package org.kvmbeans.jolokia;

import java.util.Set;
import javax.management.ObjectName;
import org.jolokia.server.core.service.api.Restrictor;
import org.jolokia.server.core.util.HttpMethod;
import org.jolokia.server.core.util.RequestType;
import org.kvmbeans.ejb.Roles;

/**
 * What each role may do through Jolokia. What is not named here is denied to everyone: no MBeans of the JDK that change
 * it or tell its secrets, none of the application server.
 */
public final class RolePolicy implements Restrictor {
    private static final System.Logger AUDIT = System.getLogger("org.kvmbeans.audit");

    private static final String OURS = "org.kvmbeans";
    private static final String JDK = "java.lang";
    /** Reads only; an operation that is in none of these sets is denied. */
    private static final Set<String> VIEWER_OPERATIONS = Set.of("tail", "readFrom");

    private static final Set<String> OPERATOR_OPERATIONS = Set.of(
            "start",
            "pause",
            "resume",
            "shutdown",
            "reset",
            "powerOff",
            "write",
            "linkUp",
            "linkDown",
            "limit",
            "limitReceive",
            "limitTransmit",
            "changeTarget",
            "refresh",
            "cancel",
            "complete",
            "check",
            "compare",
            "measure",
            "map");
    private static final Set<String> ADMIN_OPERATIONS = Set.of(
            "defineVm",
            "undefine",
            "addDisk",
            "removeDisk",
            "addNic",
            "removeNic",
            "changeVcpuCount",
            "resize",
            "addPool",
            "removePool",
            "changeDiskPathPolicy",
            "defineSecret",
            "removeSecret",
            "create",
            "register",
            "unregister",
            "beginUpload",
            "appendUpload",
            "finishUpload",
            "read",
            "delete",
            "convert",
            "repair",
            "rebase",
            "commit",
            "stream",
            "useSecret",
            "createSnapshot",
            "applySnapshot",
            "deleteSnapshot",
            "addKey",
            "changeKey",
            "removeKey",
            "startExport",
            "stopExport",
            "snapshot",
            "mirror",
            "backup");
    /** Command lines and environments carry passwords. */
    private static final Set<String> JDK_SECRETS =
            Set.of("SystemProperties", "InputArguments", "ClassPath", "BootClassPath", "LibraryPath");

    @Override
    public boolean isHttpMethodAllowed(HttpMethod method) {
        return isAuthenticated() && (method == HttpMethod.GET || method == HttpMethod.POST);
    }

    @Override
    public boolean isTypeAllowed(RequestType type) {
        return isAuthenticated();
    }

    @Override
    public boolean isAttributeReadAllowed(ObjectName name, String attribute) {
        return has(Roles.VIEWER) && (isOurs(name) || (isJdk(name) && !JDK_SECRETS.contains(attribute)));
    }

    /** No MBean of the project has an attribute to write; the JDK's are not ours to offer. */
    @Override
    public boolean isAttributeWriteAllowed(ObjectName name, String attribute) {
        return false;
    }

    @Override
    public boolean isOperationAllowed(ObjectName name, String operation) {
        String plain = withoutSignature(operation);
        if (isNotificationStore(name)) {
            return has(Roles.VIEWER) && plain.equals("pull");
        }
        if (!isOurs(name)) {
            audit(name, plain, false);
            return false;
        }
        if (VIEWER_OPERATIONS.contains(plain)) {
            return has(Roles.VIEWER);
        }
        boolean allowed = (OPERATOR_OPERATIONS.contains(plain) && has(Roles.OPERATOR))
                || (ADMIN_OPERATIONS.contains(plain) && has(Roles.ADMIN));
        audit(name, plain, allowed);
        return allowed;
    }

    /** Asked first for every request; the address is restricted by what the agent listens on. */
    @Override
    public boolean isRemoteAccessAllowed(String... hostOrAddress) {
        return isAuthenticated();
    }

    /** A page of another origin may not use it; this port has no pages, so that no origin is its own. */
    @Override
    public boolean isOriginAllowed(String origin, boolean onlyWhenStrictCheckingIsEnabled) {
        return origin == null;
    }

    @Override
    public boolean isObjectNameHidden(ObjectName name) {
        return !isOurs(name) && !isJdk(name);
    }

    static boolean isOurs(ObjectName name) {
        return OURS.equals(name.getDomain());
    }

    private static boolean isJdk(ObjectName name) {
        return JDK.equals(name.getDomain());
    }

    private static boolean isNotificationStore(ObjectName name) {
        return "jolokia".equals(name.getDomain()) && "NotificationStore".equals(name.getKeyProperty("type"));
    }

    private static String withoutSignature(String operation) {
        int parenthesis = operation.indexOf('(');
        return parenthesis < 0 ? operation : operation.substring(0, parenthesis);
    }

    private static boolean isAuthenticated() {
        return Caller.current().isPresent();
    }

    private static boolean has(String role) {
        return Caller.current().filter(caller -> caller.has(role)).isPresent();
    }

    /** The result of an operation that is let through is the MBean's; the lifecycle log tells it. */
    private static void audit(ObjectName name, String operation, boolean allowed) {
        String user = Caller.current().map(Caller::user).orElse("");
        AUDIT.log(
                allowed ? System.Logger.Level.INFO : System.Logger.Level.WARNING,
                () -> "user=\"" + user + "\" via=jolokia action=" + printable(operation) + " mbean=\""
                        + printable(name.toString()) + "\" result=" + (allowed ? "let through" : "denied"));
    }

    private static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}\"]", "?");
    }
}
