package org.kvmbeans.export.jmx;

import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.NotificationBroadcasterSupport;
import javax.management.NotificationEmitter;
import javax.management.ObjectName;

/** Registers MBeans of the contract with a server. Any thread may call. */
public final class Registrar {
    private final MBeanServer server;
    private final NotificationBroadcasterSupport silent = new NotificationBroadcasterSupport();

    public Registrar(MBeanServer server) {
        this.server = server;
    }

    /** Registers an MBean that sends no notifications. */
    public <T> void register(ObjectName name, T bean, Class<T> contract) {
        register(name, bean, contract, silent);
    }

    /** Registers an MBean whose listeners hear what {@code emitter} sends. */
    public <T> void register(ObjectName name, T bean, Class<T> contract, NotificationEmitter emitter) {
        try {
            server.registerMBean(new DescribedMBean<>(bean, contract, emitter), name);
        } catch (JMException e) {
            throw new IllegalStateException(name + " could not be registered: " + e.getMessage(), e);
        }
    }

    /** Unregisters an MBean; does nothing where it is not there. */
    public void unregister(ObjectName name) {
        try {
            server.unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            // A client unregistered it: gone is what it has to be.
        } catch (JMException e) {
            throw new IllegalStateException(name + " could not be unregistered: " + e.getMessage(), e);
        }
    }
}
