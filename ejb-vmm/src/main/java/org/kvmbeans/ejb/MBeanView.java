package org.kvmbeans.ejb;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One MBean with the values of its attributes, made for any client that can show JSON.
 *
 * @param objectName the name, for example {@code org.kvmbeans:type=Vcpu,vm=web01,id=0}
 * @param type the key {@code type} of the name
 * @param description what the MBean is
 * @param attributes in alphabetical order
 */
public record MBeanView(String objectName, String type, String description, List<Attribute> attributes) {

    /**
     * An attribute.
     *
     * @param description what it means
     * @param unit in plural, for example {@code bytes}; empty where there is none
     * @param value null, a String, Boolean or Number, or a List or Map of these (names of keys are Strings)
     * @param error why the value could not be read; empty where it could
     */
    public record Attribute(
            String name,
            String description,
            String unit,
            @Nullable Object value,
            String error) {}
}
