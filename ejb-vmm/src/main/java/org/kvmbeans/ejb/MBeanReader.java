package org.kvmbeans.ejb;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.TabularData;
import org.jspecify.annotations.Nullable;

/** Reads MBeans without knowing their interfaces, into values that any JSON writer takes. */
final class MBeanReader {
    private MBeanReader() {}

    /** The MBeans of these names; one that is unregistered meanwhile is left out. */
    static List<MBeanView> readAll(MBeanServer server, Collection<ObjectName> names) throws JMException {
        List<MBeanView> views = new ArrayList<>();
        for (ObjectName name : names) {
            try {
                views.add(read(server, name));
            } catch (InstanceNotFoundException e) {
                // undefined between the query and the reading
            }
        }
        return views;
    }

    private static MBeanView read(MBeanServer server, ObjectName name) throws JMException {
        MBeanInfo info = server.getMBeanInfo(name);
        List<MBeanView.Attribute> attributes = new ArrayList<>();
        for (MBeanAttributeInfo attribute : info.getAttributes()) {
            if (attribute.isReadable()) {
                attributes.add(read(server, name, attribute));
            }
        }
        attributes.sort(Comparator.comparing(MBeanView.Attribute::name));
        return new MBeanView(
                name.getCanonicalName(),
                String.valueOf(name.getKeyProperty("type")),
                info.getDescription(),
                attributes);
    }

    private static MBeanView.Attribute read(MBeanServer server, ObjectName name, MBeanAttributeInfo attribute)
            throws InstanceNotFoundException {
        Object unit = attribute.getDescriptor().getFieldValue("units");
        Object value = null;
        String error = "";
        try {
            value = plain(server.getAttribute(name, attribute.getName()));
        } catch (InstanceNotFoundException e) {
            throw e;
        } catch (JMException | RuntimeException e) {
            error = String.valueOf(Refusals.unwrapped(e).getMessage());
        }
        return new MBeanView.Attribute(
                attribute.getName(), attribute.getDescription(), unit == null ? "" : unit.toString(), value, error);
    }

    /** An open type's value as null, String, Boolean, Number, List or Map. */
    static @Nullable Object plain(@Nullable Object value) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            return value;
        }
        if (value instanceof CompositeData composite) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            composite.getCompositeType().keySet().forEach(key -> map.put(key, plain(composite.get(key))));
            return map;
        }
        if (value instanceof TabularData table) {
            return plainTable(table);
        }
        if (value.getClass().isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                list.add(plain(Array.get(value, i)));
            }
            return list;
        }
        return value instanceof ObjectName name ? name.getCanonicalName() : value.toString();
    }

    /** A table made from a Map becomes a map again; any other becomes its rows. */
    private static Object plainTable(TabularData table) {
        Collection<CompositeData> rows =
                table.values().stream().map(CompositeData.class::cast).toList();
        if (!table.getTabularType().getIndexNames().equals(List.of("key"))) {
            return rows.stream().map(MBeanReader::plain).toList();
        }
        Map<String, @Nullable Object> map = new TreeMap<>();
        for (CompositeData row : rows) {
            map.put(String.valueOf(plain(row.get("key"))), plain(row.get("value")));
        }
        return map;
    }
}
