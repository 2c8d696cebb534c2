package org.kvmbeans.mbeans;

import java.util.Hashtable;
import java.util.regex.Pattern;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

/** The one factory of the names under which KVM Beans registers its MBeans. */
public final class ObjectNames {
    /** The JMX domain of every MBean of the project. */
    public static final String DOMAIN = "org.kvmbeans";

    /** What a VM, device or port may be called: 1 to 64 of letters, digits, dot, underscore and hyphen. */
    public static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    /**
     * What a file has to be called to be an image of a pool: 1 to 128 of letters, digits, dot, underscore and hyphen, the first
     * neither dot nor hyphen.
     */
    public static final Pattern IMAGE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    private ObjectNames() {}

    /** {@code org.kvmbeans:type=Host}. */
    public static ObjectName host() {
        return parse("type=Host");
    }

    /** {@code org.kvmbeans:type=VirtualMachine,vm=NAME}. */
    public static ObjectName virtualMachine(String vm) {
        return parse("type=VirtualMachine,vm=" + checked("VM", vm));
    }

    /** {@code org.kvmbeans:type=Vcpu,vm=NAME,id=0}. */
    public static ObjectName vcpu(String vm, int id) {
        if (id < 0) {
            throw new IllegalArgumentException("vCPU id " + id + ": an id is 0 or more");
        }
        return parse("type=Vcpu,vm=" + checked("VM", vm) + ",id=" + id);
    }

    /** {@code org.kvmbeans:type=SerialPort,vm=NAME,name=com1}. */
    public static ObjectName serialPort(String vm, String port) {
        return parse("type=SerialPort,vm=" + checked("VM", vm) + ",name=" + checked("serial port", port));
    }

    /** {@code org.kvmbeans:type=Disk,vm=NAME,name=vda}. */
    public static ObjectName disk(String vm, String disk) {
        return parse("type=Disk,vm=" + checked("VM", vm) + ",name=" + checked("disk", disk));
    }

    /** {@code org.kvmbeans:type=Nic,vm=NAME,name=eth0}. */
    public static ObjectName nic(String vm, String nic) {
        return parse("type=Nic,vm=" + checked("VM", vm) + ",name=" + checked("NIC", nic));
    }

    /** {@code org.kvmbeans:type=Console,vm=NAME}. */
    public static ObjectName console(String vm) {
        return parse("type=Console,vm=" + checked("VM", vm));
    }

    /** {@code org.kvmbeans:type=ConsolePort,vm=NAME,name=NAME}. */
    public static ObjectName consolePort(String vm, String port) {
        return parse("type=ConsolePort,vm=" + checked("VM", vm) + ",name=" + checked("console port", port));
    }

    /** {@code org.kvmbeans:type=Balloon,vm=NAME}. */
    public static ObjectName balloon(String vm) {
        return parse("type=Balloon,vm=" + checked("VM", vm));
    }

    /** {@code org.kvmbeans:type=Rng,vm=NAME}. */
    public static ObjectName rng(String vm) {
        return parse("type=Rng,vm=" + checked("VM", vm));
    }

    /** {@code org.kvmbeans:type=Vsock,vm=NAME}. */
    public static ObjectName vsock(String vm) {
        return parse("type=Vsock,vm=" + checked("VM", vm));
    }

    /** {@code org.kvmbeans:type=VirtQueue,vm=NAME,device=vda,id=0}. */
    public static ObjectName virtQueue(String vm, String device, int id) {
        if (id < 0) {
            throw new IllegalArgumentException("virtqueue id " + id + ": an id is 0 or more");
        }
        return parse("type=VirtQueue,vm=" + checked("VM", vm) + ",device=" + checked("device", device) + ",id=" + id);
    }

    /** {@code org.kvmbeans:type=ImageStore,name=POOL}. */
    public static ObjectName imageStore(String pool) {
        return parse("type=ImageStore,name=" + checked("pool", pool));
    }

    /** {@code org.kvmbeans:type=Image,pool=POOL,name=FILE}. */
    public static ObjectName image(String pool, String file) {
        if (!IMAGE_NAME.matcher(file).matches()) {
            throw new IllegalArgumentException("image name \"" + file
                    + "\": a name is 1 to 128 of the characters A-Z a-z 0-9 . _ -, the first neither . nor -");
        }
        return parse("type=Image,pool=" + checked("pool", pool) + ",name=" + file);
    }

    /** {@code org.kvmbeans:type=Job,pool=POOL,id=42}. */
    public static ObjectName jobOfPool(String pool, long id) {
        return parse("type=Job,pool=" + checked("pool", pool) + ",id=" + checkedJob(id));
    }

    /** {@code org.kvmbeans:type=Job,vm=NAME,id=42}. */
    public static ObjectName jobOfVm(String vm, long id) {
        return parse("type=Job,vm=" + checked("VM", vm) + ",id=" + checkedJob(id));
    }

    private static long checkedJob(long id) {
        if (id < 0) {
            throw new IllegalArgumentException("job id " + id + ": an id is 0 or more");
        }
        return id;
    }

    /** The pattern {@code org.kvmbeans:type=TYPE,*}: every MBean of one type. */
    public static ObjectName everyOfType(String type) {
        return parse("type=" + checked("type", type) + ",*");
    }

    /** The pattern {@code org.kvmbeans:type=TYPE,vm=NAME,*}: every MBean of one type that belongs to one VM. */
    public static ObjectName everyOfType(String type, String vm) {
        return parse("type=" + checked("type", type) + ",vm=" + checked("VM", vm) + ",*");
    }

    /** The pattern {@code org.kvmbeans:type=TYPE,pool=NAME,*}: every MBean of one type that belongs to one pool. */
    public static ObjectName everyOfTypeInPool(String type, String pool) {
        return parse("type=" + checked("type", type) + ",pool=" + checked("pool", pool) + ",*");
    }

    /** The pattern {@code org.kvmbeans:type=Job,*,id=42}: the job of a number, wherever it belongs. */
    public static ObjectName jobOfId(long id) {
        return parse("type=Job,id=" + checkedJob(id) + ",*");
    }

    /** The pattern {@code org.kvmbeans:vm=NAME,*}: the VM and all that belongs to it. */
    public static ObjectName everythingOf(String vm) {
        return parse("vm=" + checked("VM", vm) + ",*");
    }

    private static String checked(String what, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    what + " name \"" + name + "\": a name is 1 to 64 of the characters A-Z a-z 0-9 . _ -");
        }
        return name;
    }

    private static ObjectName parse(String properties) {
        try {
            return new ObjectName(DOMAIN + ":" + properties);
        } catch (MalformedObjectNameException e) {
            throw new IllegalArgumentException(DOMAIN + ":" + properties + " is no ObjectName", e);
        }
    }

    /** The value of {@code key} in {@code name}; for the names this factory makes. */
    public static String property(ObjectName name, String key) {
        Hashtable<String, String> properties = name.getKeyPropertyList();
        String value = properties.get(key);
        if (value == null) {
            throw new IllegalArgumentException(name + " has no key " + key);
        }
        return value;
    }
}
