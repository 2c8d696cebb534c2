package org.kvmbeans.export;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.kvmbeans.export.jmx.DescribedMBean;
import org.kvmbeans.export.jmx.Notifications;
import org.kvmbeans.export.jmx.Registrar;
import org.kvmbeans.export.job.JobRequest;
import org.kvmbeans.export.job.Jobs;
import org.kvmbeans.export.storage.DiskUse;
import org.kvmbeans.export.storage.ImageStores;
import org.kvmbeans.kvm.KvmProbe;
import org.kvmbeans.machine.MachineServices;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.VmState;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.definition.VmDefinitionReader;
import org.kvmbeans.mbeans.HostMXBean;
import org.kvmbeans.mbeans.NotificationTypes;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.StopReason;
import org.kvmbeans.mbeans.VmLifecycleEvent;
import org.kvmbeans.sys.Posix;

/**
 * This machine as a host of virtual machines that run in this process, with all their MBeans.
 *
 * <p>Every method may be called from any thread. The MBeans are the way to use it; what is public here opens and closes
 * it.
 */
public final class ManagedHost implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(ManagedHost.class.getName());
    private static final Path PROC = Path.of("/proc");
    private static final String OTHER_HOST =
            ObjectNames.host() + " could not be registered; close the host that is open in this process";

    private final HostHome home;
    private final MBeanServer server;
    private final MachineServices services;
    private final DefinitionStore store;
    private final DefinitionLimits limits;
    private final ImageStores images;
    private final Notifications notifications = new Notifications();
    private final Notifications.Source source = new Notifications.Source(
            ObjectNames.host(),
            Notifications.lifecycle(NotificationTypes.DEFINED, NotificationTypes.UNDEFINED),
            Notifications.job(Jobs.types()));

    private final ConcurrentNavigableMap<String, ManagedVm> vms = new ConcurrentSkipListMap<>();
    /** Names that are defined, or being defined or undefined. */
    private final Set<String> claimedNames = ConcurrentHashMap.newKeySet();
    /** Shared by those that define and undefine; exclusive to the one that closes. */
    private final ReadWriteLock openness = new ReentrantReadWriteLock();

    private boolean closed;
    private boolean hostRegistered;

    private ManagedHost(HostHome home, Posix posix, MBeanServer server, KvmProbe probe) throws IOException {
        this.home = home;
        this.server = server;
        this.store = DefinitionStore.open(home.folder().resolve("vms"));
        this.limits = HostLimits.of(probe, PROC);
        this.images =
                ImageStores.open(home.folder(), posix, new Registrar(server), notifications, source, this::diskUses);
        this.services = new MachineServices(posix, images::openDisk);
    }

    /**
     * Takes the home, registers the host and the VMs defined there, and starts those that start with the server.
     *
     * @param home folder of definitions; made where it is missing
     * @throws IllegalStateException where another host has the home, or this process has a host in {@code server}
     * @throws IOException where the home cannot be read or written
     */
    public static ManagedHost open(Path home, Posix posix, MBeanServer server) throws IOException {
        HostHome taken = HostHome.take(home);
        try {
            requireNoOther(server);
            KvmProbe probe = KvmProbe.probe(posix);
            ManagedHost host = new ManagedHost(taken, posix, server, probe);
            try {
                host.loadDefinitions();
                // Last, for a client takes the host's MBean as a sign that all VMs are there.
                host.registerHost(probe);
            } catch (IOException | RuntimeException e) {
                host.close();
                throw e;
            }
            host.autostart();
            return host;
        } catch (IOException | RuntimeException e) {
            taken.close();
            throw e;
        }
    }

    private static void requireNoOther(MBeanServer server) {
        if (server.isRegistered(ObjectNames.host())) {
            throw new IllegalStateException(OTHER_HOST);
        }
    }

    private void registerHost(KvmProbe probe) {
        HostBean bean = new HostBean(this, probe, new HostUsage(PROC));
        try {
            server.registerMBean(new DescribedMBean<>(bean, HostMXBean.class, source), ObjectNames.host());
            hostRegistered = true;
        } catch (JMException e) {
            throw new IllegalStateException(OTHER_HOST, e);
        }
    }

    private void loadDefinitions() throws IOException {
        DefinitionStore.Content content = store.load();
        content.unreadable().forEach(problem -> LOGGER.log(Level.WARNING, problem));
        for (VmDefinition definition : content.definitions()) {
            ManagedVm vm = createVm(definition);
            vm.register();
            claimedNames.add(vm.name());
            vms.put(vm.name(), vm);
            definition.devices().disks().forEach(this::registerImage);
        }
    }

    private void autostart() {
        for (ManagedVm vm : vms.values()) {
            if (vm.vm().definition().autostart()) {
                try {
                    vm.vm().start();
                } catch (RuntimeException e) {
                    // Its LastError tells; the others start all the same.
                    LOGGER.log(Level.WARNING, "VM " + vm.name() + " did not start: " + e.getMessage());
                }
            }
        }
    }

    private ManagedVm createVm(VmDefinition definition) {
        VirtualMachine machine = new VirtualMachine(definition, services, this::replaceInStore);
        return new ManagedVm(machine, this, server, notifications);
    }

    private List<DiskUse> diskUses() {
        return vms.values().stream().flatMap(vm -> vm.diskUses().stream()).toList();
    }

    /** The pools of disk images, and the jobs on them. */
    ImageStores images() {
        return images;
    }

    /** The folder it was opened with. */
    Path home() {
        return home.folder();
    }

    /** The VMs' MBeans, by name. */
    Collection<ObjectName> names() {
        return vms.values().stream().map(ManagedVm::objectName).toList();
    }

    /** How many VMs are running. */
    int runningCount() {
        return (int) vms.values().stream()
                .filter(vm -> vm.vm().state() == VmState.RUNNING)
                .count();
    }

    /**
     * Defines a VM: its file, its MBeans, its place on the host, or nothing of it.
     *
     * @throws DefinitionException where the definition is not right
     * @throws IllegalArgumentException where a VM of that name is there
     */
    ObjectName define(String json) {
        VmDefinition definition = VmDefinitionReader.readNew(json, limits);
        List<String> problems = new ArrayList<>();
        List<DiskDefinition> disks = definition.devices().disks();
        for (int i = 0; i < disks.size(); i++) {
            problemOf(disks.get(i), "disks[" + i + "].").ifPresent(problems::add);
        }
        if (!problems.isEmpty()) {
            throw new DefinitionException("the definition", problems);
        }
        Lock open = enter();
        try {
            return define(definition);
        } finally {
            open.unlock();
        }
    }

    private ObjectName define(VmDefinition definition) {
        String name = definition.name();
        if (!claimedNames.add(name)) {
            throw new IllegalArgumentException(
                    "name is \"" + name + "\"; a VM of that name is there: choose another name, or undefine that VM");
        }
        boolean defined = false;
        try {
            ManagedVm vm = createVm(definition);
            addToStore(definition);
            try {
                vm.register();
                defined = true;
            } finally {
                if (!defined) {
                    removeFromStore(name);
                }
            }
            vms.put(name, vm);
            definition.devices().disks().forEach(this::registerImage);
            notifications.send(source, NotificationTypes.DEFINED, hostEvent(vm));
            return vm.objectName();
        } finally {
            if (!defined) {
                claimedNames.remove(name);
            }
        }
    }

    private Optional<String> problemOf(DiskDefinition disk, String prefix) {
        return images.problemOf(disk.path(), disk.format(), prefix);
    }

    /** Makes an image of its pool of a disk's file: the definition has said its format. */
    private void registerImage(DiskDefinition disk) {
        images.registerDisk(disk.path(), disk.format());
    }

    /**
     * Adds a disk to a VM.
     *
     * @throws DefinitionException where the image may not be one of its disks
     */
    void addDisk(VirtualMachine vm, DiskDefinition disk) {
        Optional<String> problem = problemOf(disk, "");
        if (problem.isPresent()) {
            throw new DefinitionException("the definition", List.of(problem.get()));
        }
        vm.addDisk(disk);
        registerImage(disk);
    }

    /** Forgets a VM that is off. */
    void undefine(ManagedVm vm) {
        Lock open = enter();
        try {
            synchronized (vm) {
                retire(vm);
                vms.remove(vm.name(), vm);
                vm.unregister();
                images.jobs().forgetAll(JobRequest.Owner.vm(vm.name()));
                notifications.send(source, NotificationTypes.UNDEFINED, hostEvent(vm));
                claimedNames.remove(vm.name());
            }
        } finally {
            open.unlock();
        }
    }

    /** Ends a VM and deletes its file; where either cannot be done, neither is. */
    private void retire(ManagedVm vm) {
        VmState state = vm.vm().state();
        boolean off = state == VmState.STOPPED || state == VmState.CRASHED;
        if (off && vms.get(vm.name()) == vm) {
            removeFromStore(vm.name());
            try {
                vm.vm().retire();
            } catch (RuntimeException e) {
                addToStore(vm.vm().definition()); // somebody started it at this very moment
                throw e;
            }
        } else {
            vm.vm().retire(); // refuses, and says why
        }
    }

    private void addToStore(VmDefinition definition) {
        try {
            store.add(definition);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "VM " + definition.name() + " is not defined: its definition could not be written below " + home()
                            + ": " + e + "; make room or correct the rights there",
                    e);
        }
    }

    /** Keeps the definition of a VM to which a device or vCPU was added, or from which one was removed. */
    private void replaceInStore(VmDefinition definition) {
        try {
            store.replace(definition);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "VM " + definition.name() + " is not changed: its definition could not be written below " + home()
                            + ": " + e + "; make room or correct the rights there",
                    e);
        }
    }

    private void removeFromStore(String name) {
        try {
            store.remove(name);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the definition of VM " + name + " could not be deleted below " + home() + ": " + e
                            + "; correct the rights there",
                    e);
        }
    }

    private static VmLifecycleEvent hostEvent(ManagedVm vm) {
        org.kvmbeans.mbeans.VmState state =
                VirtualMachineBean.contractState(vm.vm().state());
        return new VmLifecycleEvent(vm.name(), state, state, StopReason.NONE, "");
    }

    private Lock enter() {
        Lock open = openness.readLock();
        open.lock();
        if (closed) {
            open.unlock();
            throw new IllegalStateException("the server is going down; try again when it is up");
        }
        return open;
    }

    /** Pulls the plug of every VM that runs, keeps all definitions, and unregisters every MBean. */
    @Override
    public void close() {
        Lock alone = openness.writeLock();
        alone.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            quietly("end the jobs", images::close);
            List<ManagedVm> all = List.copyOf(vms.values());
            all.forEach(vm -> quietly("power off VM " + vm.name(), vm.vm()::hostShutdown));
            quietly("end the notifications", notifications::close);
            all.forEach(vm -> quietly("unregister VM " + vm.name(), vm::unregister));
            all.forEach(vm -> quietly("end VM " + vm.name(), () -> {
                vm.vm().hostShutdown(); // an operation that was under way may have started it again
                vm.vm().retire();
            }));
            quietly("unregister the host", this::unregisterHost);
            vms.clear();
            services.close();
            home.close();
        } finally {
            alone.unlock();
        }
    }

    private void unregisterHost() {
        if (!hostRegistered) {
            return; // the bean of that name is another host's
        }
        try {
            server.unregisterMBean(ObjectNames.host());
        } catch (JMException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /** Closing goes on whatever fails: what is left undone is in the log. */
    private static void quietly(String what, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "could not " + what, e);
        }
    }
}
