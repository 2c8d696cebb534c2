package org.kvmbeans.ejb;

import java.util.Set;

/** The roles of KVM Beans. A higher role implies the lower ones: its callers are given those as well. */
public final class Roles {
    /** Reads everything. */
    public static final String VIEWER = "kvmbeans-viewer";
    /** Runs virtual machines: start to power-off, serial input, links, rate limits, balloon, calls jobs off. Implies {@link #VIEWER}. */
    public static final String OPERATOR = "kvmbeans-operator";
    /** Defines and undefines virtual machines, adds and removes their devices, makes and changes disk images. Implies {@link #OPERATOR}. */
    public static final String ADMIN = "kvmbeans-admin";

    private Roles() {}

    /**
     * A role and all that it implies.
     *
     * @throws IllegalArgumentException where there is no such role
     */
    public static Set<String> withImplied(String role) {
        return switch (role) {
            case VIEWER -> Set.of(VIEWER);
            case OPERATOR -> Set.of(VIEWER, OPERATOR);
            case ADMIN -> Set.of(VIEWER, OPERATOR, ADMIN);
            default ->
                throw new IllegalArgumentException(
                        "role \"" + role + "\": a role is " + VIEWER + ", " + OPERATOR + " or " + ADMIN);
        };
    }
}
